import { later } from '@carecord/core';
import type { Clock, Listing, Logger } from '@carecord/core';
import { ed25519PublicKey } from '@carecord/crypto';
import type { LocalIdentity } from '@carecord/identity';
import { NetworkError } from '@carecord/network';
import type { NetworkHost } from '@carecord/network';
import { pointerKey, slotOrder, tagKeys } from './keys.ts';
import type { HospitalKeys } from './keys.ts';
import { LocatorError } from './locator-error.ts';
import { sealPointer } from './pointer-content.ts';
import type { PointerStatement } from './pointer-content.ts';
import { makePointerValue, pointerKind } from './pointer-value.ts';
import { readSlots } from './slot-reader.ts';
import type { LocatedNetwork, Publication } from './ports.ts';

/** How long a value stands when it is not renewed: a hospital that is gone for longer is not found any more. */
export const POINTER_LIFETIME_MILLISECONDS = 48 * 60 * 60 * 1000;
/** A value that lost a race for its slot gives way after this: storers keep an owner's claim until its value expires. */
const RELEASE_LIFETIME_MILLISECONDS = 60 * 1000;
/** A value that at most half of the storers took is written again after this. */
const CONTESTED_RETRY_MILLISECONDS = 10 * 60 * 1000;
/** Kademlia's k: as many peers keep a value, where there are as many. */
const STORERS = 20;

/** One patient under one tag. */
export interface PointerSubject {
  readonly tag: Uint8Array;
  readonly patientId: string;
}

/** What a writer needs. */
export interface PointerWriterOptions {
  readonly network: Pick<NetworkHost, 'getAll' | 'put' | 'routingTableSize'>;
  readonly description: LocatedNetwork;
  readonly identity: Pick<LocalIdentity, 'current' | 'did'>;
  readonly keys: HospitalKeys;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Writes a hospital's pointers and tombstones into the slots of their tags. */
export class PointerWriter {
  constructor(private readonly options: PointerWriterOptions) {}

  /**
   * Writes a pointer: over the one that stands there already, else into the first slot that no other holder has.
   * @param sequence higher than all before
   * @param lastSlot where the last one was written
   * @throws LocatorError `SLOTS_FULL` or `PUBLISHING_FAILED`
   */
  async list(subject: PointerSubject, sequence: number, lastSlot: number | undefined): Promise<Publication> {
    const { own, open } = await this.survey(subject);
    // Not any of our own: one that lost a race shows our release for a while.
    const kept = own.find((slot) => slot === lastSlot) ?? own[0];
    for (const slot of own) if (slot !== kept) await this.put(subject, 'unlisted', sequence, slot, RELEASE_LIFETIME_MILLISECONDS);
    const free = preferring(lastSlot, slotOrder(subject.tag, this.options.identity.did)).filter((slot) => open.includes(slot));
    return this.take(subject, sequence, kept === undefined ? free : [kept, ...free]);
  }

  /**
   * Writes a tombstone over every pointer that stands there, and over the last one even where it cannot be seen now. It looks
   * like a pointer and stands as long.
   * @throws LocatorError `PUBLISHING_FAILED` when a pointer is left
   */
  async unlist(subject: PointerSubject, sequence: number, lastSlot: number | undefined): Promise<Publication> {
    const { own } = await this.survey(subject);
    let publication: Publication = { sequence, slot: lastSlot, listing: 'unlisted', expiresAt: this.options.clock.now() };
    for (const slot of new Set(lastSlot === undefined ? own : [...own, lastSlot])) {
      const written = await this.put(subject, 'unlisted', sequence, slot);
      if (written === undefined && own.includes(slot)) throw new LocatorError('PUBLISHING_FAILED', 'The network did not take a tombstone.');
      publication = written?.publication ?? publication;
    }
    return publication;
  }

  /** Our own slots, and those that nobody is known to have. */
  private async survey({ tag, patientId }: PointerSubject): Promise<{ own: number[]; open: number[] }> {
    const { network, description, keys, logger } = this.options;
    const readings = await readSlots(network, tag, description.epoch, logger);
    const ownKey = Buffer.from(ed25519PublicKey(keys.slotSeed(tag, patientId, description.epoch)));
    return {
      own: readings.filter(({ bodies }) => bodies.some((body) => ownKey.equals(body.slotPublicKey))).map(({ slot }) => slot),
      open: readings.filter(({ state }) => state !== 'held').map(({ slot }) => slot),
    };
  }

  /** Takes the first of the slots, our own or free; one that another holder is taking at the same moment is left to it. */
  private async take(subject: PointerSubject, first: number, free: readonly number[]): Promise<Publication> {
    let sequence = first;
    let fallback: number | undefined;
    for (const slot of free) {
      const written = await this.put(subject, 'listed', sequence, slot);
      if (written === undefined) continue;
      if (!written.contested) return written.publication;
      fallback ??= slot;
      sequence += 1;
      await this.put(subject, 'unlisted', sequence, slot, RELEASE_LIFETIME_MILLISECONDS);
      sequence += 1;
    }
    const last = fallback === undefined ? undefined : await this.put(subject, 'listed', sequence, fallback);
    if (last !== undefined) return last.publication;
    throw free.length === 0
      ? new LocatorError('SLOTS_FULL', 'Other hospitals have all pointer slots of this identifier.')
      : new LocatorError('PUBLISHING_FAILED', 'The network did not take a pointer.');
  }

  /** @returns undefined when the slot is another holder's after all */
  private async put(
    subject: PointerSubject,
    listing: Listing,
    sequence: number,
    slot: number,
    lifetime: number = POINTER_LIFETIME_MILLISECONDS,
  ): Promise<{ publication: Publication; contested: boolean } | undefined> {
    const { network, description, clock, logger } = this.options;
    const expiresAt = later(clock.now(), lifetime);
    const key = pointerKey(tagKeys(subject.tag).admitPublicKey, description.epoch, slot);
    const value = await this.makeValue(subject, listing === 'listed' ? 'pointer' : 'tombstone', { slot, sequence, expiresAt });
    try {
      const { stored } = await network.put(pointerKind, key, value);
      const expected = Math.min(STORERS, network.routingTableSize()) + 1;
      const contested = stored * 2 <= expected;
      if (contested) logger.info('pointer-contested', { slot, stored, expected });
      const good = contested ? later(clock.now(), CONTESTED_RETRY_MILLISECONDS) : expiresAt;
      return { publication: { sequence, slot, listing, expiresAt: good }, contested };
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      logger.info('pointer-slot-refused', { slot, code: error.code });
      return undefined;
    }
  }

  private async makeValue(
    { tag, patientId }: PointerSubject,
    kind: PointerStatement['kind'],
    place: { readonly slot: number; readonly sequence: number; readonly expiresAt: Date },
  ): Promise<Uint8Array> {
    const { keys, identity, description } = this.options;
    const { networkId, epoch } = description;
    const { admitPublicKey, sealKey } = tagKeys(tag);
    const slotSeed = keys.slotSeed(tag, patientId, epoch);
    const statement = { kind, holder: identity.did, handle: keys.handle(tag, patientId), expiresAt: place.expiresAt.getTime() };
    const binding = { networkId, admitPublicKey, slotPublicKey: ed25519PublicKey(slotSeed), epoch, slot: place.slot, sequence: place.sequence };
    return makePointerValue(tag, slotSeed, { epoch, ...place }, await sealPointer(sealKey, statement, binding, identity.current().signer));
  }
}

function preferring(first: number | undefined, order: readonly number[]): number[] {
  return first === undefined ? [...order] : [first, ...order.filter((slot) => slot !== first)];
}
