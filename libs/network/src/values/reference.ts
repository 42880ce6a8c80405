import { decodeWire, encodeWire } from '@carecord/core';
import type { Clock } from '@carecord/core';
import { constantTimeEqual, contentIdSchema, hybridSignatureSchema, isContentId, signWithContext } from '@carecord/crypto';
import type { SigningPublicKeys } from '@carecord/crypto';
import { didSchema, verifyWithAnyKey } from '@carecord/identity';
import type { LocalIdentity } from '@carecord/identity';
import { CID } from 'multiformats/cid';
import { z } from 'zod';
import { valueRefused } from '../network-error.ts';
import type { DhtValueKind, DhtValueMeta, DhtValueName, NetworkHost } from '../ports.ts';
import { checkLifetime } from './value-rules.ts';

/** Who holds the bytes of a content id: key is the CID. */
export const REFERENCE: DhtValueName = { namespace: 'reference' };

/** Domain separation of the signature. */
const CONTEXT = 'network/reference';
/** Two signatures (3.4 KB), a DID and a content id. */
const MAX_REFERENCE_BYTES = 6 * 1024;

const statementSchema = z.strictObject({
  contentId: contentIdSchema,
  holder: didSchema,
  sequence: z.int().nonnegative(),
  expiresAt: z.int().nonnegative(),
});
const referenceSchema = z.strictObject({ ...statementSchema.shape, signature: hybridSignatureSchema });

/** What {@link publishReference} says. */
export interface Publication {
  readonly contentId: string;
  /** The holder: it signs with its keys of this moment. */
  readonly identity: Pick<LocalIdentity, 'current' | 'did'>;
  /** Higher than that of the value it replaces. */
  readonly sequence: number;
  /** At most `MAX_VALUE_LIFETIME_MILLISECONDS` from now. Storers forget a value 48 hours after they were last given it: renew daily. */
  readonly expiresAt: Date;
}

/**
 * Says in the DHT that a member holds the bytes of a content id.
 * @throws NetworkError `VALUE_REFUSED`
 */
export async function publishReference(host: NetworkHost, publication: Publication): Promise<{ stored: number }> {
  const { contentId, identity, sequence, expiresAt } = publication;
  const key = referenceKey(contentId);
  const statement = { contentId, holder: identity.did, sequence, expiresAt: expiresAt.getTime() };
  const signature = await signWithContext(identity.current().signer, CONTEXT, encodeWire(statementSchema, statement));
  return host.put(REFERENCE, key, encodeWire(referenceSchema, { ...statement, signature }));
}

/**
 * Who says, provably, that it holds the bytes; `undefined` when nobody does that this node knows already. An exchange does not need it: there the bytes
 * come from the hospital that granted them, which the requester knows.
 */
export async function findReference(host: NetworkHost, contentId: string): Promise<{ holder: string } | undefined> {
  const value = await host.get(REFERENCE, referenceKey(contentId));
  return value === undefined ? undefined : { holder: decodeWire(referenceSchema, value, MAX_REFERENCE_BYTES).holder };
}

/** What {@link ReferenceKind} checks with. */
export interface ReferenceKindOptions {
  /** The accepted keys of a member as far as they are known here: must ask nobody. */
  readonly keysOf: (did: string) => Promise<readonly SigningPublicKeys[] | undefined>;
  readonly clock: Clock;
}

/**
 * The kind `reference`. Six kilobytes a patient are the most that may be stored for each, so a reference does not carry its
 * holder's DID log and credential as an advert does: the storer checks the signature with the keys that the holder proved
 * in a handshake (holders publish themselves, so they are connected), else with those of an advert that it has already.
 * Whose keys are not here is refused: looking for them would let one message cause a search of the whole DHT. The first holder of a content id is its owner: a ciphertext is made by one hospital.
 */
export class ReferenceKind implements DhtValueKind {
  readonly namespace = REFERENCE.namespace;
  readonly maxBytes = MAX_REFERENCE_BYTES;

  constructor(private readonly known: ReferenceKindOptions) {}

  async validate(key: Uint8Array, value: Uint8Array): Promise<DhtValueMeta> {
    const { signature, ...statement } = decodeWire(referenceSchema, value, this.maxBytes);
    if (!constantTimeEqual(referenceKey(statement.contentId), key)) throw valueRefused('A content reference stands under another content id.');
    checkLifetime(new Date(statement.expiresAt), this.known.clock.now());
    const keys = await this.known.keysOf(statement.holder);
    if (keys === undefined) throw valueRefused('The holder in a content reference is not known as a member.');
    await verifyWithAnyKey(keys, CONTEXT, encodeWire(statementSchema, statement), signature);
    return { sequence: statement.sequence, owner: statement.holder, expiresAt: new Date(statement.expiresAt) };
  }
}

function referenceKey(contentId: string): Uint8Array {
  if (!isContentId(contentId)) throw valueRefused('A content reference needs a content id.');
  return CID.parse(contentId).bytes;
}
