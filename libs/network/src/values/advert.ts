import { bytes, decodeWire, encodeWire, later } from '@carecord/core';
import type { Clock } from '@carecord/core';
import { constantTimeEqual, generalJwsSchema, hybridSignatureSchema, sha256, signWithContext } from '@carecord/crypto';
import { CLOCK_SKEW_MILLISECONDS, didSchema, MAX_CREDENTIALS, MAX_PEER_ID_CHARACTERS, verifyMembership, verifyWithAnyKey } from '@carecord/identity';
import type { DidHistories, LocalIdentity, LocalMember, Membership, NetworkTrust, ResolvedDid, StatusBook } from '@carecord/identity';
import { multiaddr } from '@multiformats/multiaddr';
import { z } from 'zod';
import { NetworkError, valueRefused } from '../network-error.ts';
import type { DhtValueKind, DhtValueMeta, DhtValueName, KnownMember } from '../ports.ts';
import { MAX_ADDRESS_CHARACTERS } from '../routing/routing-protocol.ts';
import { checkLifetime, MAX_VALUE_BYTES, UnjudgedValue } from './value-rules.ts';

/** A version's number, a hyphen and a hash of 46 characters. */
const VERSION_ID = /^([1-9][0-9]{0,5})-[1-9A-HJ-NP-Za-km-z]{1,64}$/;

/** How to find a hospital: key is the SHA-256 of its DID. */
export const ADVERT: DhtValueName = { namespace: 'advert' };

/** Where a member was, by its own signed word. */
export interface Advert extends KnownMember {
  readonly peerId: string;
  /** Multiaddrs with `/p2p/<peerId>`. */
  readonly addresses: readonly string[];
  /** What it offers others, such as `relay`: its own word, where its roles are its authorities'. */
  readonly capabilities: readonly string[];
  /** How much room it has for others' values. */
  readonly capacity: FreeCapacity;
  /** The newest version of its DID when it said so. */
  readonly versionId: string;
  readonly advertisedAt: Date;
  readonly sequence: number;
  readonly expiresAt: Date;
}

/** Room for others' values, no finer: how much a hospital stores is nobody's affair. */
export type FreeCapacity = (typeof CAPACITIES)[number];

/** What a member says of itself in its advert. */
export interface AdvertisedPlace {
  readonly peerId: string;
  readonly addresses: readonly string[];
  /** @default none */
  readonly capabilities?: readonly string[];
  /** @default `ample` */
  readonly capacity?: FreeCapacity;
  readonly advertisedAt: Date;
  readonly sequence: number;
  readonly expiresAt: Date;
}

const CAPACITIES = ['none', 'scarce', 'ample'] as const;
/** Domain separation of the signature. */
const CONTEXT = 'network/advert';
/** More are hardly ever all good, and each costs a dial. */
const MAX_ADDRESSES = 8;
/** A hospital that is silent for two days is not there; adverts are renewed four times a day. */
const MAX_LIFETIME_MILLISECONDS = 48 * 60 * 60 * 1000;
/** Verified adverts kept for their keys, some 20 KB each; only members have any. */
const MAX_REMEMBERED_ADVERTS = 500;
/** Newer versions of the program may know others: a short word each. */
const MAX_CAPABILITIES = 16;
const HASH_BYTES = 32;
/** The name of the history in an advert and its length. */
const HISTORY_OVERHEAD_BYTES = 64;

const statementSchema = z.strictObject({
  did: didSchema,
  /** The version of the DID whose keys signed. */
  versionId: z.string().regex(VERSION_ID),
  /** SHA-256 of that version's history, so that nobody puts another text of it beside this statement. */
  historyHash: bytes({ exactly: HASH_BYTES }),
  peerId: z.string().max(MAX_PEER_ID_CHARACTERS),
  addresses: z.array(z.string().max(MAX_ADDRESS_CHARACTERS)).min(1).max(MAX_ADDRESSES),
  capabilities: z.array(z.string().regex(/^[a-z][a-z0-9-]{0,31}$/)).max(MAX_CAPABILITIES),
  capacity: z.enum(CAPACITIES),
  advertisedAt: z.int().nonnegative(),
  sequence: z.int().nonnegative(),
  expiresAt: z.int().nonnegative(),
});
const advertSchema = z.strictObject({
  statement: bytes({ atMost: 8_192 }),
  credentials: z.array(generalJwsSchema).max(MAX_CREDENTIALS),
  /** The DID's history, as long as all of it fits. */
  history: z.string().max(MAX_VALUE_BYTES).optional(),
  signature: hybridSignatureSchema,
});

/** The DHT key of a member's advert. */
export function advertKey(did: string): Uint8Array {
  return sha256(new TextEncoder().encode(did));
}

/**
 * Our own advert, to be put into the DHT. A history that makes it too large is left out: who needs it has it from a handshake, or
 * asks for it.
 */
export async function makeAdvert(
  local: LocalMember,
  place: AdvertisedPlace,
): Promise<Uint8Array> {
  const statement = encodeWire(statementSchema, {
    did: local.resolved.did,
    versionId: local.resolved.versionId,
    historyHash: hashOf(local.resolved.log),
    peerId: place.peerId,
    addresses: place.addresses.slice(0, MAX_ADDRESSES),
    capabilities: [...(place.capabilities ?? [])],
    capacity: place.capacity ?? 'ample',
    advertisedAt: place.advertisedAt.getTime(),
    sequence: place.sequence,
    expiresAt: place.expiresAt.getTime(),
  });
  const signature = await signWithContext(local.signer, CONTEXT, statement);
  const credentials = local.credentials.map(({ payload, signatures }) => ({ payload, signatures: [...signatures] }));
  const bare = encodeWire(advertSchema, { statement, credentials, signature });
  const { log } = local.resolved;
  if (bare.length + Buffer.byteLength(log, 'utf8') + HISTORY_OVERHEAD_BYTES > MAX_VALUE_BYTES) return bare;
  return encodeWire(advertSchema, { statement, credentials, history: log, signature });
}

/** An advert by a version of a DID that is not known here: a reader can look for its history, a storer must not. */
export class HistoryUnknown extends UnjudgedValue {
  constructor(
    readonly did: string,
    readonly versionNumber: number,
  ) {
    super('An advert is signed by a version of its DID that is not known here.');
  }
}

/** What {@link AdvertKind} checks with. */
export interface AdvertKindOptions {
  readonly trust: NetworkTrust;
  readonly statuses: Pick<StatusBook, 'standing'>;
  readonly histories: Pick<DidHistories, 'accept' | 'known' | 'verify'>;
  /** Our own DID is known without having been seen. */
  readonly local: LocalIdentity;
  readonly clock: Clock;
}

/**
 * The kind `advert`. It proves itself: by the membership credentials (the storer knows the authorities), the DID's history (the
 * DID commits to it) and the signature by the keys in it. Where the history is not in it, it must be known here already:
 * whoever puts its own advert has shown it in the handshake. So only members have adverts, and each only its own.
 */
export class AdvertKind implements DhtValueKind {
  readonly namespace = ADVERT.namespace;
  /** A history has about 10 to 20 KB a version, a credential 7, the signature 3. */
  readonly maxBytes = MAX_VALUE_BYTES;
  private readonly verified = new Map<string, Advert>();

  constructor(private readonly options: AdvertKindOptions) {}

  async validate(key: Uint8Array, value: Uint8Array): Promise<DhtValueMeta> {
    const advert = await this.open(value);
    if (!constantTimeEqual(advertKey(advert.did), key)) throw valueRefused('An advert stands under the key of another DID.');
    return { sequence: advert.sequence, owner: advert.did, expiresAt: advert.expiresAt };
  }

  /**
   * Verifies an advert and gives what it says.
   * @throws NetworkError `VALUE_REFUSED`; as {@link HistoryUnknown} when only the DID's history is missing
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

  /** The newest advert of a member that was verified here, has not expired and whose owner still stands; asks nobody. */
  known(did: string): Advert | undefined {
    const advert = this.verified.get(did);
    const now = this.options.clock.now();
    return advert !== undefined && advert.expiresAt > now && this.options.statuses.standing(advert.membership, now) === 'standing' ? advert : undefined;
  }

  /** All of these. */
  allKnown(): Advert[] {
    return [...this.verified.keys()].flatMap((did) => this.known(did) ?? []);
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
    const { statuses, trust, clock } = this.options;
    const { statement: signed, credentials, history, signature } = decodeWire(advertSchema, value, this.maxBytes);
    const statement = decodeWire(statementSchema, signed, this.maxBytes);
    const now = clock.now();
    checkLifetime(new Date(statement.expiresAt), now, MAX_LIFETIME_MILLISECONDS);
    if (statement.advertisedAt > later(now, CLOCK_SKEW_MILLISECONDS).getTime()) throw valueRefused('An advert is of the future.');
    for (const address of statement.addresses) checkAddress(address, statement.peerId);
    if (history !== undefined && !constantTimeEqual(hashOf(history), statement.historyHash)) throw valueRefused('An advert carries another history than was signed.');
    // Before the history, whose check costs time and memory: nobody but the members may cause that.
    const membership = await verifyMembership(credentials, { trust, subject: statement.did, now });
    if (statuses.standing(membership, now) !== 'standing') throw new UnjudgedValue('An advert is of a member that does not stand any more.');
    const { resolved, isNew } = await this.resolve(statement, history);
    await verifyWithAnyKey(resolved.acceptedSigning, CONTEXT, signed, signature);
    // Only now: credentials and histories are known to every member, and whoever copied them would choose what is remembered of another.
    if (isNew) await this.options.histories.accept(resolved.did, resolved.log);
    return advertOf(statement, membership, resolved);
  }

  /** The DID as it is known here, which may be newer than the advert: then its signature counts as long as its keys are accepted. */
  private async resolve({ did, versionId }: z.infer<typeof statementSchema>, history: string | undefined): Promise<{ readonly resolved: ResolvedDid; readonly isNew: boolean }> {
    const { histories, local } = this.options;
    const known = did === local.did ? local.current().resolved : await histories.known(did);
    const versionNumber = Number(VERSION_ID.exec(versionId)?.[1]);
    if (known !== undefined && known.versionNumber >= versionNumber) return { resolved: known, isNew: false };
    if (history === undefined) throw new HistoryUnknown(did, versionNumber);
    return { resolved: await histories.verify(did, history), isNew: true };
  }
}

function hashOf(history: string): Uint8Array {
  return sha256(new TextEncoder().encode(history));
}

function advertOf(statement: z.infer<typeof statementSchema>, membership: Membership, resolved: ResolvedDid): Advert {
  const { did, peerId, addresses, capabilities, capacity, versionId, sequence } = statement;
  const { name, roles, validUntil } = membership;
  // What is kept of a check must not outlive the membership that it rests on.
  const expiresAt = new Date(Math.min(statement.expiresAt, validUntil.getTime()));
  return { did, name, roles, resolved, membership, membershipValidUntil: validUntil, peerId, addresses, capabilities, capacity, versionId, advertisedAt: new Date(statement.advertisedAt), sequence, expiresAt };
}

/** An address must be a multiaddr that names the peer: a dial then proves it. */
function checkAddress(address: string, peerId: string): void {
  if (multiaddr(address).getComponents().findLast((component) => component.name === 'p2p')?.value !== peerId) {
    throw valueRefused('An advert has an address of another peer.');
  }
}
