import type { Clock, Logger } from '@carecord/core';
import { isHospitalMember } from '@carecord/network';
import type { NetworkHost } from '@carecord/network';
import { tagKeys } from './keys.ts';
import type { FoundPointer } from './location.ts';
import { openPointer } from './pointer-content.ts';
import type { OpenedPointer } from './pointer-content.ts';
import type { PointerBody } from './pointer-value.ts';
import type { LocatedNetwork } from './ports.ts';
import { readSlots } from './slot-reader.ts';

/** What a finder needs. */
export interface PointerFinderOptions {
  readonly network: Pick<NetworkHost, 'getAll' | 'knownMember'>;
  readonly description: LocatedNetwork;
  /** DID of the asking hospital: its own pointers are left out. */
  readonly self: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What one value led to. */
type SlotResult = FoundPointer | 'nothing' | 'unknown';

/** Reads and verifies what the slots of a tag hold. */
export class PointerFinder {
  constructor(private readonly options: PointerFinderOptions) {}

  /**
   * The pointers of other hospitals under a tag. What does not open or verify is nothing; what could not be read, or whose
   * holder's keys are not to be found, makes the result incomplete. No holder is dialled or asked.
   */
  async find(tag: Uint8Array): Promise<{ pointers: FoundPointer[]; incomplete: boolean }> {
    const { network, description, logger } = this.options;
    const readings = await readSlots(network, tag, description.epoch, logger);
    const results = await Promise.all(readings.flatMap(({ bodies }) => bodies.map((body) => this.follow(tag, body))));
    const found = results.filter((result) => typeof result !== 'string');
    const unread = readings.some(({ state }) => state === 'unreadable');
    return { pointers: eachOnce(found), incomplete: unread || results.includes('unknown') };
  }

  private async follow(tag: Uint8Array, body: PointerBody): Promise<SlotResult> {
    const opened = this.open(tag, body);
    if (opened === undefined) return 'nothing';
    const { kind, holder, handle, expiresAt } = opened.statement;
    if (kind === 'tombstone' || holder === this.options.self || expiresAt <= this.options.clock.now().getTime()) return 'nothing';
    try {
      const member = await this.options.network.knownMember(holder);
      if (member === undefined) return 'unknown';
      if (!isHospitalMember(member, this.options.clock.now()) || !(await this.isSaidBy(opened, member.resolved.acceptedSigning))) return 'nothing';
      return { holder, holderName: member.name, handle };
    } catch (error) {
      this.options.logger.warn('pointer-holder-unknown', { holder }, error);
      return 'unknown';
    }
  }

  private open(tag: Uint8Array, body: PointerBody): OpenedPointer | undefined {
    const { admitPublicKey, slotPublicKey, epoch, slot, sequence, sealed } = body;
    const binding = { networkId: this.options.description.networkId, admitPublicKey, slotPublicKey, epoch, slot, sequence };
    try {
      return openPointer(tagKeys(tag).sealKey, sealed, binding);
    } catch (error) {
      this.options.logger.warn('pointer-not-openable', { slot }, error);
      return undefined;
    }
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

/** A holder that moved its pointer may have two for a while. */
function eachOnce(found: readonly FoundPointer[]): FoundPointer[] {
  const keyOf = ({ holder, handle }: FoundPointer): string => `${holder} ${Buffer.from(handle).toString('hex')}`;
  const unique = new Map(found.map((pointer) => [keyOf(pointer), pointer]));
  return [...unique.keys()].sort().map((key) => unique.get(key) as FoundPointer);
}
