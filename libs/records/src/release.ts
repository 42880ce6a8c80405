import { byContentId, versionOf } from './compartment.ts';
import type { Compartment, ReadingDependencies } from './compartment.ts';
import { followDirectory } from './directory.ts';
import { unwrapDataKey } from './envelope.ts';
import { currentEntries } from './manifest.ts';
import type { StoredVersionHeader } from './ports.ts';
import type { BlindTokens } from './tokens.ts';

/** One version that may be given away, with the key that opens it: keep it in memory, and no longer than needed. */
export interface ReleasableVersion {
  readonly recordId: string;
  readonly versionNumber: number;
  readonly resourceType: string;
  readonly contentId: string;
  /** 32 bytes. */
  readonly dataKey: Uint8Array;
  readonly lastUpdated: Date;
}

/**
 * The current versions of a patient's records with their data keys, then those of the directory resources to which they
 * refer.
 * @param resourceTypes which of the patient's records; the directory's come along whatever their type
 * @throws RecordsError `VERSION_MISSING`, `KEY_TAMPERED` or `CIPHERTEXT_TAMPERED`
 */
export async function releasableVersions(
  dependencies: ReadingDependencies & { readonly tokens: BlindTokens },
  { patientKey, manifest }: Compartment,
  resourceTypes?: readonly string[],
): Promise<ReleasableVersion[]> {
  const entries = currentEntries(manifest, resourceTypes);
  if (entries.length === 0) return [];
  const headers = byContentId(await dependencies.stores.findVersionHeaders(entries.map(({ contentId }) => contentId)));
  const records = entries.map((entry) => releasable(patientKey, versionOf(entry, headers)));
  const directory = await followDirectory(dependencies, entries.flatMap(({ directoryReferences }) => directoryReferences));
  return [...records, ...directory.map((version) => releasable(dependencies.directoryKey, version))];
}

function releasable(ownerKey: Uint8Array, version: StoredVersionHeader): ReleasableVersion {
  const { recordId, versionNumber, resourceType, contentId, recordedAt } = version;
  const dataKey = unwrapDataKey(ownerKey, version.wrappedDataKey, version);
  return { recordId, versionNumber, resourceType, contentId, dataKey, lastUpdated: recordedAt };
}
