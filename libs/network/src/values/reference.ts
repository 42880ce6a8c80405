import { BoundedCache, later } from '@carecord/core';
import type { Clock } from '@carecord/core';
import { hashWithContext, isContentId } from '@carecord/crypto';
import type { SigningPublicKeys } from '@carecord/crypto';
import type { LocalIdentity } from '@carecord/identity';
import { CID } from 'multiformats/cid';
import { valueRefused } from '../network-error.ts';
import type { DhtEntry, DhtValueKind, DhtValueMeta, DhtValueName, DhtValues, NetworkHost, Placement, PublishOptions } from '../ports.ts';
import { attachmentHashOf } from './attachment-hash.ts';
import { idOf, placementOf } from './placement.ts';
import { checkInBatch, MAX_BATCH_BYTES, MAX_BATCH_REFERENCES, MAX_REFERENCE_BYTES, openBatch, signBatch } from './reference-batch.ts';
import type { BatchStatement } from './reference-batch.ts';
import { checkLifetime, UnjudgedValue } from './value-rules.ts';

/** Who holds the bytes of a content id: key is the CID and a hash of CID and holder, placed by the CID, so that all holders stand together. */
export const REFERENCE: DhtValueName = { namespace: 'reference' };

const HOLDER_CONTEXT = 'network/reference-holder';
/** CIDv1, raw, BLAKE3-256. */
const CONTENT_ID_BYTES = 36;
const KEY_BYTES = CONTENT_ID_BYTES + 32;
/** Batches that verified, some 500 bytes each; while a hospital publishes, thousands of values of one batch come one after the other. */
const MAX_REMEMBERED_BATCHES = 1_024;

/**
 * For so long a batch that did not verify is not verified again: thousands of values in one message may name one, at a signature each. Not for
 * long, for its holder's newest keys may be on their way.
 */
const REFUSED_MILLISECONDS = 1_000;
const MAX_REMEMBERED_REFUSALS = 256;

/** What {@link publishReferences} says. */
export interface Publication {
  readonly contentIds: readonly string[];
  /** The holder: it signs with its keys of this moment. */
  readonly identity: Pick<LocalIdentity, 'current' | 'did'>;
  /** Higher than that of the values it replaces. */
  readonly sequence: number;
  /** At most `MAX_VALUE_LIFETIME_MILLISECONDS` from now; renew before it. */
  readonly expiresAt: Date;
}

/**
 * Says in the DHT that a member holds the bytes of content ids: one signature a batch, of those that stand near each other, so that
 * whole batches go to the same storers.
 * @returns how each was taken, in the order given
 * @throws NetworkError `VALUE_REFUSED`, and what `NetworkHost.publish` throws
 */
export async function publishReferences(host: Pick<NetworkHost, 'publish'>, publication: Publication, options?: PublishOptions): Promise<Placement[]> {
  const { contentIds, identity } = publication;
  const placed = contentIds.map((contentId, position) => {
    const cid = bytesOf(contentId);
    return { position, cid, placement: placementOf(REFERENCE.namespace, cid) };
  });
  placed.sort((one, other) => Buffer.compare(one.placement, other.placement));
  const entries: DhtEntry[] = [];
  for (let from = 0; from < placed.length; from += MAX_BATCH_REFERENCES) {
    const part = placed.slice(from, from + MAX_BATCH_REFERENCES);
    const { attachment, values } = await signBatch(part.map(({ cid }) => cid), publication);
    for (const [at, value] of values.entries()) entries.push({ kind: REFERENCE, key: referenceKey((part[at] as { cid: Uint8Array }).cid, identity.did), value, attachment });
  }
  const taken = await host.publish(entries, options);
  const placements: Placement[] = [];
  for (const [at, { position }] of placed.entries()) placements[position] = taken[at] as Placement;
  return placements;
}

/**
 * Says of one content id what {@link publishReferences} says of many.
 * @returns how many stores have it, our own included
 */
export async function publishReference(host: Pick<NetworkHost, 'publish'>, { contentId, ...publication }: Omit<Publication, 'contentIds'> & { readonly contentId: string }): Promise<{ stored: number }> {
  const [placement] = await publishReferences(host, { ...publication, contentIds: [contentId] });
  // Our own copy, where we are not one of those who are responsible.
  return { stored: Math.max(1, placement?.stored ?? 0) };
}

/** Reads all values of a kind at one placement. */
export interface GroupReader {
  readGroup(kind: DhtValueName, placedBy: Uint8Array): Promise<DhtValues>;
}

/**
 * Who says, provably, that it holds the bytes, in no order; none when nobody does that this node knows already.
 * @throws NetworkError `VALUE_REFUSED` for what is no content id
 */
export async function findHolders(values: GroupReader, contentId: string): Promise<string[]> {
  const found = await values.readGroup(REFERENCE, bytesOf(contentId));
  const holders = found.values.flatMap(({ attachment }) => (attachment === undefined ? [] : [openBatch(attachment).statement.holder]));
  return [...new Set(holders)];
}

/** What {@link ReferenceKind} checks with. */
export interface ReferenceKindOptions {
  /** The accepted keys of a member as far as they are known here: must ask nobody. */
  readonly keysOf: (did: string) => Promise<readonly SigningPublicKeys[] | undefined>;
  readonly clock: Clock;
}

/**
 * The kind `reference`. It does not carry its holder's DID log and credential as an advert does: the storer checks the signature with
 * the keys that the holder proved in a handshake (holders publish themselves, so they are connected), else with those of an advert that
 * it has already. Whose keys are not here cannot be judged: looking for them would let one message cause a search of the whole DHT.
 * A signature is checked once a batch; each value of it costs a dozen hashes.
 */
export class ReferenceKind implements DhtValueKind {
  readonly namespace = REFERENCE.namespace;
  readonly maxBytes = MAX_REFERENCE_BYTES;
  readonly maxAttachmentBytes = MAX_BATCH_BYTES;
  private readonly verified = new BoundedCache<BatchStatement>({ entries: MAX_REMEMBERED_BATCHES });
  private readonly refused = new BoundedCache<{ readonly until: Date; readonly error: unknown }>({ entries: MAX_REMEMBERED_REFUSALS });

  constructor(private readonly known: ReferenceKindOptions) {}

  placedBy(key: Uint8Array): Uint8Array {
    if (key.length !== KEY_BYTES) throw valueRefused('The key of a content reference is not one.');
    return key.subarray(0, CONTENT_ID_BYTES);
  }

  async validate(key: Uint8Array, value: Uint8Array, attachment?: Uint8Array): Promise<DhtValueMeta> {
    if (attachment === undefined) throw valueRefused('A content reference comes without its batch.');
    const contentId = this.placedBy(key);
    const statement = await this.verify(attachment);
    if (Buffer.compare(key, referenceKey(contentId, statement.holder)) !== 0) throw valueRefused('A content reference stands under the key of another holder.');
    checkInBatch(contentId, value, statement);
    return { sequence: statement.sequence, owner: statement.holder, expiresAt: new Date(statement.expiresAt) };
  }

  private async verify(attachment: Uint8Array): Promise<BatchStatement> {
    const id = idOf(attachmentHashOf(attachment));
    const known = this.verified.get(id);
    if (known !== undefined) return known;
    const now = this.known.clock.now();
    const refusal = this.refused.get(id);
    if (refusal !== undefined && refusal.until > now) throw refusal.error;
    try {
      const statement = await this.verifyAnew(attachment, now);
      this.verified.set(id, statement);
      return statement;
    } catch (error) {
      this.refused.set(id, { until: later(now, REFUSED_MILLISECONDS), error });
      throw error;
    }
  }

  private async verifyAnew(attachment: Uint8Array, now: Date): Promise<BatchStatement> {
    const batch = openBatch(attachment);
    const { statement } = batch;
    checkLifetime(new Date(statement.expiresAt), now);
    const keys = await this.known.keysOf(statement.holder);
    if (keys === undefined) throw new UnjudgedValue('The holder in a content reference is not known as a member.');
    await batch.verify(keys);
    return statement;
  }
}

function referenceKey(contentId: Uint8Array, holder: string): Uint8Array {
  const key = new Uint8Array(KEY_BYTES);
  key.set(contentId);
  key.set(hashWithContext(HOLDER_CONTEXT, contentId, holder), CONTENT_ID_BYTES);
  return key;
}

function bytesOf(contentId: string): Uint8Array {
  if (!isContentId(contentId)) throw valueRefused('A content reference needs a content id.');
  return CID.parse(contentId).bytes;
}
