import type { Clock, Logger } from '@carecord/core';
import { CLOCK_SKEW_MILLISECONDS } from '@carecord/identity';
import { isHospitalMember } from '@carecord/network';
import type { DhtValues, NetworkHost } from '@carecord/network';
import { namedTag, POINTER_SLOTS, pointerKey, tagKeys } from './keys.ts';
import type { TagKeys } from './keys.ts';
import type { FoundPointer, IncompleteReason } from './location.ts';
import { openContent, openNamedContent } from './pointer-content.ts';
import { readStatement } from './pointer-statement.ts';
import type { OpenedPointer } from './pointer-statement.ts';
import { pointerKind, readPointerValue } from './pointer-value.ts';
import { POINTER_LIFETIME_MILLISECONDS } from './pointer-writer.ts';
import type { EpochTags } from './tag-source.ts';

/** What a finder needs. */
export interface PointerFinderOptions {
  readonly network: Pick<NetworkHost, 'knownMember' | 'readAll'>;
  readonly networkId: string;
  /** DID of the asking hospital: its own pointers are left out, those sealed to it are opened. */
  readonly self: string;
  /** Seeds of the hospital's recipient keys, the present one first. */
  readonly recipientSeeds: () => readonly Uint8Array[];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** One slot that is asked for. */
interface SlotPlace {
  readonly key: Uint8Array;
  readonly tagKeys: TagKeys;
  /** Whether what stands there is sealed to us alone. */
  readonly named: boolean;
  /** Which of the tags: those that come first are asked for first. */
  readonly rank: number;
}

/** What one value led to. */
type SlotResult = RankedPointer | 'nothing' | 'unknown';

interface RankedPointer {
  readonly rank: number;
  readonly pointer: FoundPointer;
}

/** Reads and verifies what the slots of tags hold. */
export class PointerFinder {
  constructor(private readonly options: PointerFinderOptions) {}

  /**
   * The pointers of other hospitals under tags, those to all members and those to us, in all epochs: one question to each member that
   * stores some of them, the same whether or not there are any. What does not open or verify is nothing; what could not be read, or
   * whose holder's keys are not to be found, makes the result incomplete. No holder is dialled or asked.
   */
  async find(epochTags: readonly EpochTags[]): Promise<{ pointers: FoundPointer[]; reasons: IncompleteReason[] }> {
    const asked = epochTags.flatMap(({ epoch, tags }) => tags.map((tag) => ({ epoch, tag })));
    const places = asked.flatMap(({ epoch, tag }, rank) => this.placesOf(tag, epoch, rank));
    const readings = await this.options.network.readAll(places.map(({ key }) => ({ kind: pointerKind, key })));
    const results = await Promise.all(readings.flatMap((reading, at) => this.followAll(places[at] as SlotPlace, reading)));
    const found = results.filter((result) => typeof result !== 'string');
    const reasons: IncompleteReason[] = [];
    if (readings.some(({ complete }) => !complete)) reasons.push('NETWORK_UNREAD');
    if (results.includes('unknown')) reasons.push('HOLDER_UNKNOWN');
    return { pointers: eachOnce(found), reasons };
  }

  private placesOf(tag: Uint8Array, epoch: number, rank: number): SlotPlace[] {
    const audiences = [{ keys: tagKeys(tag), named: false }, { keys: tagKeys(namedTag(tag, this.options.self)), named: true }];
    return audiences.flatMap(({ keys, named }) =>
      Array.from({ length: POINTER_SLOTS }, (_, slot) => ({ key: pointerKey(keys.admitPublicKey, epoch, slot), tagKeys: keys, named, rank })),
    );
  }

  private followAll(place: SlotPlace, { values }: DhtValues): Promise<SlotResult>[] {
    return values.map(({ value }) => this.follow(place, value));
  }

  private async follow(place: SlotPlace, value: Uint8Array): Promise<SlotResult> {
    const opened = await this.open(place, value);
    if (opened === undefined || !this.isNow(opened)) return 'nothing';
    const { holder, handle } = opened.statement;
    if (holder === this.options.self) return 'nothing';
    try {
      const member = await this.options.network.knownMember(holder);
      if (member === undefined) return 'unknown';
      if (!isHospitalMember(member, this.options.clock.now()) || !(await this.isSaidBy(opened, member.resolved.acceptedSigning))) return 'nothing';
      return { rank: place.rank, pointer: { holder, holderName: member.name, handle } };
    } catch (error) {
      this.options.logger.warn('pointer-holder-unknown', { holder }, error);
      return 'unknown';
    }
  }

  private async open({ key, tagKeys: { sealKey }, named }: SlotPlace, value: Uint8Array): Promise<OpenedPointer | undefined> {
    const { networkId, recipientSeeds, logger } = this.options;
    try {
      const { admitPublicKey, slotPublicKey, epoch, slot, sequence, sealed } = readPointerValue(key, value);
      const content = named ? await openNamedContent(sealKey, key, recipientSeeds(), sealed) : openContent(sealKey, sealed);
      if (content === undefined) return undefined;
      return readStatement(content, { networkId, admitPublicKey, slotPublicKey, epoch, slot, sequence });
    } catch (error) {
      logger.warn('pointer-not-openable', {}, error);
      return undefined;
    }
  }

  /** Neither over, nor from the future, nor good for longer than a holder may say. */
  private isNow({ statement: { issuedAt, expiresAt } }: OpenedPointer): boolean {
    const now = this.options.clock.now().getTime();
    return expiresAt > now && issuedAt <= now + CLOCK_SKEW_MILLISECONDS && expiresAt <= issuedAt + POINTER_LIFETIME_MILLISECONDS;
  }

  private async isSaidBy(opened: OpenedPointer, accepted: Parameters<OpenedPointer['verify']>[0]): Promise<boolean> {
    try {
      await opened.verify(accepted);
      return true;
    } catch (error) {
      this.options.logger.warn('pointer-not-signed-by-holder', {}, error);
      return false;
    }
  }
}

/**
 * Each patient of a holder once: by its handles under the first tag that has any (the newest epoch, the strictest recipe), and one handle once,
 * as a pointer that moved to another slot stands in two for a while.
 */
function eachOnce(found: readonly RankedPointer[]): FoundPointer[] {
  const unique = new Map<string, FoundPointer>();
  for (const [holder, ofHolder] of Map.groupBy(found, ({ pointer }) => pointer.holder)) {
    const first = Math.min(...ofHolder.map(({ rank }) => rank));
    for (const { rank, pointer } of ofHolder) if (rank === first) unique.set(`${holder} ${Buffer.from(pointer.handle).toString('hex')}`, pointer);
  }
  return [...unique.keys()].sort().map((key) => unique.get(key) as FoundPointer);
}
