import type { Transaction } from '@carecord/core';
import { randomKey } from '@carecord/crypto';
import type { DidKeys } from '@carecord/identity';
import type { NodeKey } from '@carecord/keys';
import type { SettingStore } from '@carecord/storage';
import { z } from 'zod';
import { readJsonSetting } from './settings.ts';

/** The version of the DID that this hospital stands by. */
export const DID_SETTING = 'identity.did';
/** The version that comes next, signed and not taken over yet. */
export const NEXT_DID_SETTING = 'identity.next';

const keyIdsSchema = z.strictObject({
  signing: z.string(),
  recipient: z.string(),
  update: z.string(),
  nextUpdate: z.string(),
  cosigning: z.string(),
  nextCosigning: z.string(),
});
const recordSchema = z.strictObject({
  did: z.string(),
  history: z.string(),
  keys: keyIdsSchema,
  /** Whether the witnesses that it needs have signed it. */
  witnessed: z.boolean(),
  /** Nothing of the version before may be relied on. */
  urgent: z.boolean(),
});

/** Ids, in the key ring, of the keys that one version of the DID was written with or commits to. */
export type DidKeyIds = z.infer<typeof keyIdsSchema>;

/** One version of the hospital's DID with its history, as the database has it. */
export type DidRecord = z.infer<typeof recordSchema>;

/** @throws NodeError `DATABASE_MISMATCH` when what is stored is damaged */
export function readDidRecord(settings: SettingStore, name: string, transaction?: Transaction): Promise<DidRecord | undefined> {
  return readJsonSetting(settings, name, recordSchema, transaction);
}

export async function writeDidRecord(settings: SettingStore, name: string, record: DidRecord, transaction: Transaction): Promise<void> {
  await settings.write(name, JSON.stringify(record), transaction);
}

/** Ed25519 seed, then ML-DSA-65 seed: one secret of the ring. */
const SEED_BYTES = 32;

/** The seeds of a version whose keys are at hand. */
export function didKeysFrom(keys: Readonly<Record<keyof DidKeyIds, NodeKey>>): DidKeys {
  const { signing, recipient } = keys;
  return {
    signing: { ...signingSeedsOf(signing), number: signing.number },
    recipient: { seed: recipient.secret, number: recipient.number },
    update: keys.update.secret,
    nextUpdate: keys.nextUpdate.secret,
    cosigning: keys.cosigning.secret,
    nextCosigning: keys.nextCosigning.secret,
  };
}

/** The secret of a new signing key: two independent seeds. */
export function newSigningSecret(): Uint8Array {
  const secret = new Uint8Array(2 * SEED_BYTES);
  secret.set(randomKey(), 0);
  secret.set(randomKey(), SEED_BYTES);
  return secret;
}

/** The two seeds of a signing key; copies, so that a signer outlives the moment in which the ring lets the key go. */
export function signingSeedsOf({ secret }: Pick<NodeKey, 'secret'>): { readonly ed25519: Uint8Array; readonly mlDsa65: Uint8Array } {
  return { ed25519: secret.slice(0, SEED_BYTES), mlDsa65: secret.slice(SEED_BYTES) };
}
