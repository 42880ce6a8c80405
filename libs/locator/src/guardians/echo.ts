import { canonicalJsonBytes, fromBase64Url, toHex } from '@carecord/core';
import { hashWithContext, signJws } from '@carecord/crypto';
import type { GeneralJws } from '@carecord/crypto';
import { didSchema, networkIdSchema, verifyJwsWithAnyKey } from '@carecord/identity';
import type { LocalIdentity } from '@carecord/identity';
import { z } from 'zod';
import type { Dealing } from './dealing.ts';
import { MAX_GUARDIANS } from './limits.ts';
import type { SigningKeysOf } from './ports.ts';

const TYPE = 'carecord-guardian-echo+jws';
const HEX_HASH_CHARACTERS = 64;
const hash = z.string().length(HEX_HASH_CHARACTERS);

const echoSchema = z.strictObject({
  networkId: networkIdSchema,
  epoch: z.int(),
  version: z.int(),
  attempt: z.int(),
  target: hash,
  from: z.int(),
  dealings: z.array(z.strictObject({ dealer: didSchema, commitments: hash })).min(1).max(MAX_GUARDIANS),
});

/** What one guardian has received in an attempt: when all say the same, nobody was told otherwise. */
export type Echo = z.infer<typeof echoSchema>;

/** Names the commitments of a dealing. */
export function dealingHash({ commitments }: Pick<Dealing, 'commitments'>): string {
  return toHex(hashWithContext('locator/guardian-commitments', ...commitments));
}

/** Signs what was received. */
export async function signEcho(echo: Echo, identity: Pick<LocalIdentity, 'current'>): Promise<GeneralJws> {
  const { resolved, signer } = identity.current();
  return await signJws(signer, TYPE, resolved.signingKeyIds, canonicalJsonBytes(echoSchema.parse(echo)));
}

/** How another guardian's echo compares with our own. */
export type EchoVerdict =
  | { readonly kind: 'same' }
  /** It is not signed by that guardian. */
  | { readonly kind: 'invalid' }
  /** Somebody told the two of us different things: one of these, or the guardian whose echo this is. */
  | { readonly kind: 'different'; readonly suspects: readonly string[] };

/** Verifies the echo of a guardian and compares it with our own. */
export async function compareEcho(own: GeneralJws, other: GeneralJws, guardian: string, leader: string, keysOf: SigningKeysOf): Promise<EchoVerdict> {
  const keys = await keysOf(guardian);
  if (keys === undefined || !(await verifyJwsWithAnyKey(keys, TYPE, other).then(() => true, () => false))) return { kind: 'invalid' };
  if (own.payload === other.payload) return { kind: 'same' };
  const [ours, theirs] = [readEcho(own), readEcho(other)];
  if (ours === undefined || theirs === undefined || ours.attempt !== theirs.attempt) return { kind: 'invalid' };
  const seen = new Map(theirs.dealings.map(({ dealer, commitments }) => [dealer, commitments]));
  const dealers = ours.dealings.filter(({ dealer, commitments }) => seen.get(dealer) !== commitments).map(({ dealer }) => dealer);
  return { kind: 'different', suspects: ours.from === theirs.from && dealers.length > 0 ? dealers : [leader, ...dealers] };
}

function readEcho({ payload }: GeneralJws): Echo | undefined {
  try {
    return echoSchema.parse(JSON.parse(Buffer.from(fromBase64Url(payload)).toString('utf8')));
  } catch {
    return undefined;
  }
}
