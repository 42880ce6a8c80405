import { ManualClock } from '@carecord/testkit';
import { CREATED } from '../identities.fixture.ts';
import { formatHistory, parseHistory } from './did-entries.ts';
import type { CosignedEntry, DidEntry, DidHistory } from './did-entries.ts';
import { SCID, sealEntry, withScid } from './did-entry-writing.ts';
import type { EntryContent } from './did-entry-writing.ts';
import { resolveUnwitnessedDid } from './did-history.ts';
import type { ResolvedDid } from './did-history.ts';
import { newDidKeys, nextDidKeys } from './did-keys.ts';
import type { DidKeys } from './did-keys.ts';
import { MEMBER_POLICY } from './did-policy.ts';
import type { WitnessRule } from './did-policy.ts';
import { createHospitalDid, rotateHospitalDid } from './hospital-did.ts';

// For the tests beside this file: versions of a DID, and what a forger or a careless owner would make of them.

/** One version of a DID and the keys that wrote it. */
export interface Version {
  readonly keys: DidKeys;
  readonly did: string;
  readonly history: DidHistory;
  readonly resolved: ResolvedDid;
}

/** The present instant of these tests: an hour after the DIDs were made. */
export const NOW = new Date(CREATED.getTime() + 3_600_000);

/** A new DID. */
export async function firstVersion(options: { readonly witness?: WitnessRule } = {}): Promise<Version> {
  const keys = newDidKeys();
  const { did, history } = await createHospitalDid({ domain: 'a.hospital.example', keys, clock: new ManualClock(CREATED), ...options });
  return { keys, did, history, resolved: await resolveUnwitnessedDid(did, history, MEMBER_POLICY, NOW) };
}

/** The version after another, with all keys rotated. */
export async function nextVersion(previous: Version, options: { readonly witness?: WitnessRule; readonly keepPrevious?: boolean } = {}): Promise<Version> {
  const keys = nextDidKeys(previous.keys);
  const { did, history } = await rotateHospitalDid({ current: previous.resolved, keys, keepPrevious: true, clock: new ManualClock(NOW), ...options });
  return { keys, did, history, resolved: await resolveUnwitnessedDid(did, history, MEMBER_POLICY, NOW) };
}

/** The history with its last entry changed and then properly hashed, proven and cosigned again: a careless owner, or one whose keys were stolen. */
export async function resealed(
  { keys, history }: Pick<Version, 'keys' | 'history'>,
  change: (content: EntryContent) => EntryContent,
  sealing: Pick<DidKeys, 'update' | 'cosigning'> = keys,
): Promise<{ readonly did: string; readonly history: DidHistory }> {
  const { cosigned, witnessProofs } = parseHistory(history);
  const earlier = cosigned.slice(0, -1);
  const { proof: _, ...last } = entryAt(history, -1);
  const previous = earlier.at(-1)?.entry.versionId;
  const content = previous === undefined ? withScid(change(withoutScid(last))) : change({ ...last, versionId: previous });
  const sealed = await sealEntry(content, cosigned.length, sealing);
  return { did: sealed.entry.state.id, history: formatHistory({ cosigned: [...earlier, sealed], witnessProofs }) };
}

/** The history with one entry, and what stands beside it, changed and nothing else. */
export function forged(history: DidHistory, at: number, change: (entry: CosignedEntry) => CosignedEntry): DidHistory {
  const { cosigned, witnessProofs } = parseHistory(history);
  return formatHistory({ cosigned: cosigned.map((entry, index) => (index === at ? change(entry) : entry)), witnessProofs });
}

/** An entry of a history, counted from the end if negative. */
export function entryAt(history: DidHistory, at: number): DidEntry {
  const entry = parseHistory(history).entries.at(at);
  if (entry === undefined) throw new Error('There is no such entry.');
  return entry;
}

function withoutScid(content: EntryContent): EntryContent {
  return JSON.parse(JSON.stringify({ ...content, versionId: SCID }).replaceAll(content.parameters.scid ?? '', SCID)) as EntryContent;
}
