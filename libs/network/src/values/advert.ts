import { bytes, decodeWire, encodeWire } from '@carecord/core';
import type { Clock } from '@carecord/core';
import { constantTimeEqual, generalJwsSchema, hybridSignatureSchema, sha256, signWithContext, verifyWithContext } from '@carecord/crypto';
import { didSchema, MAX_PEER_ID_CHARACTERS, resolveDidLog, verifyMembershipCredential } from '@carecord/identity';
import type { LocalMember, Membership, ResolvedDid } from '@carecord/identity';
import { multiaddr } from '@multiformats/multiaddr';
import { z } from 'zod';
import { NetworkError, valueRefused } from '../network-error.ts';
import type { DhtValueKind, DhtValueMeta, DhtValueName, KnownMember } from '../ports.ts';
import { checkLifetime, MAX_VALUE_BYTES } from './value-rules.ts';

/** How to find a hospital: key is the SHA-256 of its DID. */
export const ADVERT: DhtValueName = { namespace: 'advert' };

/** Where a member was, by its own signed word. */
export interface Advert extends KnownMember {
  readonly peerId: string;
  /** Multiaddrs with `/p2p/<peerId>`. */
  readonly addresses: readonly string[];
  readonly sequence: number;
  readonly expiresAt: Date;
}

/** Domain separation of the signature. */
const CONTEXT = 'network/advert';
/** More are hardly ever all good, and each costs a dial. */
const MAX_ADDRESSES = 8;
/** A multiaddr with a DNS name of 253 characters and a PeerId. */
const MAX_ADDRESS_CHARACTERS = 360;
/** A hospital that is silent for two days is not there; adverts are renewed four times a day. */
const MAX_LIFETIME_MILLISECONDS = 48 * 60 * 60 * 1000;
/** Verified adverts kept for their keys, some 20 KB each; only members have any. */
const MAX_REMEMBERED_ADVERTS = 500;

const statementSchema = z.strictObject({
  did: didSchema,
  peerId: z.string().max(MAX_PEER_ID_CHARACTERS),
  addresses: z.array(z.string().max(MAX_ADDRESS_CHARACTERS)).min(1).max(MAX_ADDRESSES),
  sequence: z.int().nonnegative(),
  expiresAt: z.int().nonnegative(),
});
const advertSchema = z.strictObject({
  statement: bytes({ atMost: 8_192 }),
  log: z.string().max(MAX_VALUE_BYTES),
  credential: generalJwsSchema,
  signature: hybridSignatureSchema,
});

/** The DHT key of a member's advert. */
export function advertKey(did: string): Uint8Array {
  return sha256(new TextEncoder().encode(did));
}

/** Our own advert, to be put into the DHT. */
export async function makeAdvert(
  local: LocalMember,
  place: { readonly peerId: string; readonly addresses: readonly string[]; readonly sequence: number; readonly expiresAt: Date },
): Promise<Uint8Array> {
  const statement = encodeWire(statementSchema, {
    did: local.resolved.did,
    peerId: place.peerId,
    addresses: place.addresses.slice(0, MAX_ADDRESSES),
    sequence: place.sequence,
    expiresAt: place.expiresAt.getTime(),
  });
  const signature = await signWithContext(local.signer, CONTEXT, statement);
  const credential = { payload: local.credential.payload, signatures: [...local.credential.signatures] };
  return encodeWire(advertSchema, { statement, log: local.resolved.log, credential, signature });
}

/**
 * The kind `advert`. A storer has often never met the member whose advert it is to keep, so the advert carries everything
 * that proves it: the DID's own log (the DID commits to it), the membership credential (the storer knows the authority) and
 * the signature by the keys in the log. So only members have adverts, and each only its own.
 */
export class AdvertKind implements DhtValueKind {
  readonly namespace = ADVERT.namespace;
  /** A log with post-quantum keys has about 10 KB a version, the credential 7, the signature 3. */
  readonly maxBytes = MAX_VALUE_BYTES;
  private readonly verified = new Map<string, Advert>();

  constructor(private readonly trust: { readonly authority: ResolvedDid; readonly networkId: string; readonly clock: Clock }) {}

  async validate(key: Uint8Array, value: Uint8Array): Promise<DhtValueMeta> {
    const advert = await this.open(value);
    if (!constantTimeEqual(advertKey(advert.did), key)) throw valueRefused('An advert stands under the key of another DID.');
    return { sequence: advert.sequence, owner: advert.did, expiresAt: advert.expiresAt };
  }

  /**
   * Verifies an advert and gives what it says.
   * @throws NetworkError `VALUE_REFUSED`
   */
  async open(value: Uint8Array): Promise<Advert> {
    try {
      const advert = await this.verify(value);
      this.remember(advert);
      return advert;
    } catch (cause) {
      throw cause instanceof NetworkError ? cause : valueRefused('An advert does not verify.', cause);
    }
  }

  /** The newest advert of a DID that was verified here and has not expired; asks nobody. */
  known(did: string): Advert | undefined {
    const advert = this.verified.get(did);
    return advert !== undefined && advert.expiresAt > this.trust.clock.now() ? advert : undefined;
  }

  private remember(advert: Advert): void {
    const known = this.known(advert.did);
    if (known !== undefined && known.sequence > advert.sequence) return;
    this.verified.delete(advert.did);
    this.verified.set(advert.did, advert);
    const oldest = this.verified.keys().next();
    if (this.verified.size > MAX_REMEMBERED_ADVERTS && !oldest.done) this.verified.delete(oldest.value);
  }

  private async verify(value: Uint8Array): Promise<Advert> {
    const { authority, networkId, clock } = this.trust;
    const { statement: signed, log, credential, signature } = decodeWire(advertSchema, value, this.maxBytes);
    const statement = decodeWire(statementSchema, signed, this.maxBytes);
    const now = clock.now();
    checkLifetime(new Date(statement.expiresAt), now, MAX_LIFETIME_MILLISECONDS);
    for (const address of statement.addresses) checkAddress(address, statement.peerId);
    // Before the log, whose check costs time and memory: nobody but the members may cause that.
    const membership = await verifyMembershipCredential(credential, { authority, networkId, subject: statement.did, now });
    const resolved = await resolveDidLog(statement.did, log);
    verifyWithContext(resolved.signing, CONTEXT, signed, signature);
    return advertOf(statement, membership, resolved);
  }
}

function advertOf(statement: z.infer<typeof statementSchema>, membership: Membership, resolved: ResolvedDid): Advert {
  const { did, peerId, addresses, sequence } = statement;
  const { name, roles, validUntil } = membership;
  // What is kept of a check must not outlive the membership that it rests on.
  const expiresAt = new Date(Math.min(statement.expiresAt, validUntil.getTime()));
  return { did, name, roles, resolved, membershipValidUntil: validUntil, peerId, addresses, sequence, expiresAt };
}

/** An address must be a multiaddr that names the peer: a dial then proves it. */
function checkAddress(address: string, peerId: string): void {
  if (multiaddr(address).getComponents().findLast((component) => component.name === 'p2p')?.value !== peerId) {
    throw valueRefused('An advert has an address of another peer.');
  }
}
