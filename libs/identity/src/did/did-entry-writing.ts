import { proveWithEd25519 } from './data-integrity.ts';
import { cosign } from './did-cosignature.ts';
import { entryHash } from './did-entries.ts';
import type { CosignedEntry, DidEntry } from './did-entries.ts';
import type { DidKeys } from './did-keys.ts';

/** An entry before it has its own id: in its place stands the id of the entry before, in the first one the SCID. */
export type EntryContent = Omit<DidEntry, 'proof'>;

/** Where the DID's self-certifying identifier will stand. */
export const SCID = '{SCID}';

/** did:webvh 1.0, "Generate SCID": the hash of the first entry with placeholders takes the placeholders' place. */
export function withScid(content: EntryContent): EntryContent {
  return JSON.parse(JSON.stringify(content).replaceAll(SCID, entryHash(content))) as EntryContent;
}

/** Gives an entry its id, proves it with the update key and cosigns it. */
export async function sealEntry(content: EntryContent, versionNumber: number, keys: Pick<DidKeys, 'update' | 'cosigning'>): Promise<CosignedEntry> {
  const unproven = { ...content, versionId: `${versionNumber}-${entryHash(content)}` };
  const entry = { ...unproven, proof: [proveWithEd25519(unproven, keys.update, content.versionTime)] };
  return { entry, cosignature: await cosign(entry, keys.cosigning) };
}
