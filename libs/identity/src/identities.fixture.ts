import { later } from '@carecord/core';
import { hybridSigner, randomKey } from '@carecord/crypto';
import type { HybridSigner } from '@carecord/crypto';
import { ManualClock } from '@carecord/testkit';
import { resolveDidHistory } from './did/did-history.ts';
import type { ResolvedDid } from './did/did-history.ts';
import { newDidKeys, nextDidKeys } from './did/did-keys.ts';
import type { DidKeys } from './did/did-keys.ts';
import { createHospitalDid, rotateHospitalDid } from './did/hospital-did.ts';

const HOUR = 3_600_000;

/** For the tests beside this file: a DID with all its keys. */
export interface Identity {
  readonly keys: DidKeys;
  readonly peerSeed: Uint8Array;
  readonly resolved: ResolvedDid;
  readonly signer: HybridSigner;
}

/** The DIDs of these tests were made at this instant, a day before {@link START}. */
export const CREATED = new Date('2025-12-31T00:00:00.000Z');
/** The credentials of these tests are valid from this instant for one day. */
export const START = new Date('2026-01-01T00:00:00.000Z');
export const END = new Date('2026-01-02T00:00:00.000Z');

/** A fresh identity at `<name>.hospital.example`. */
export async function makeIdentity(name: string): Promise<Identity> {
  const keys = newDidKeys();
  const { did, history } = await createHospitalDid({ domain: `${name}.hospital.example`, keys, clock: new ManualClock(CREATED) });
  return { keys, peerSeed: randomKey(), resolved: await resolveDidHistory(did, history), signer: hybridSigner(keys.signing) };
}

/** The same identity with new keys, an hour later. */
export async function rotateIdentity(identity: Identity, options: { readonly keepPrevious: boolean; readonly hours?: number }): Promise<Identity> {
  const keys = nextDidKeys(identity.keys);
  const clock = new ManualClock(later(CREATED, (options.hours ?? 1) * HOUR));
  const { did, history } = await rotateHospitalDid({ current: identity.resolved, keys, keepPrevious: options.keepPrevious, clock });
  return { ...identity, keys, resolved: await resolveDidHistory(did, history), signer: hybridSigner(keys.signing) };
}
