import { directoryReferences } from '@carecord/fhir';
import type { ReadingDependencies } from './compartment.ts';
import type { DirectoryVersion } from './ports.ts';
import { tokenKey } from './tokens.ts';
import type { BlindTokens } from './tokens.ts';
import { openVersion } from './version.ts';

/** A practitioner's role names an organisation, which is part of another: such chains are short, and a loop must end. */
const MAX_STEPS = 4;

/**
 * The current versions of the directory resources that are referred to, and of those to which they refer in turn. What
 * the directory does not have is left out: a reference may point to what was never admitted.
 * @param references as `Type/id`
 * @throws RecordsError `KEY_TAMPERED` or `CIPHERTEXT_TAMPERED`
 */
export async function followDirectory(
  { stores, directoryKey, tokens }: ReadingDependencies & { readonly tokens: BlindTokens },
  references: readonly string[],
): Promise<DirectoryVersion[]> {
  const found: DirectoryVersion[] = [];
  const seen = new Set<string>();
  let next = unseen(references, seen);
  for (let step = 0; next.length > 0 && step < MAX_STEPS; step += 1) {
    const versions = await stores.findDirectoryVersions(next.map((reference) => tokenOf(tokens, reference)));
    found.push(...versions.toSorted(byToken));
    const referred = versions.flatMap((version) => directoryReferences(openVersion(directoryKey, version)));
    next = unseen(referred, seen);
  }
  return found;
}

function unseen(references: readonly string[], seen: Set<string>): string[] {
  const fresh = [...new Set(references)].filter((reference) => !seen.has(reference));
  for (const reference of fresh) seen.add(reference);
  return fresh;
}

function tokenOf(tokens: BlindTokens, reference: string): Uint8Array {
  const [resourceType = '', id = ''] = reference.split('/');
  return tokens.logicalId(resourceType, id);
}

/** A store answers in any order; the same question should have the same answer. */
function byToken(left: DirectoryVersion, right: DirectoryVersion): number {
  return tokenKey(left.logicalToken) < tokenKey(right.logicalToken) ? -1 : 1;
}
