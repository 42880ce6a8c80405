import type { Logger } from '@carecord/core';
import type { NetworkHost } from '@carecord/network';
import { POINTER_SLOTS, pointerKey, tagKeys } from './keys.ts';
import { pointerKind, readPointerValue } from './pointer-value.ts';
import type { PointerBody } from './pointer-value.ts';

/** What the DHT answered for one slot of a tag. */
export interface SlotReading {
  readonly slot: number;
  /** `unreadable`: the DHT failed, so nothing is known about the slot. */
  readonly state: 'held' | 'free' | 'unreadable';
  readonly body: PointerBody | undefined;
}

/** Reads all slots of a tag at once, always all of them: how many are held does not show in what is asked. */
export function readSlots(network: Pick<NetworkHost, 'get'>, tag: Uint8Array, epoch: number, logger: Logger): Promise<SlotReading[]> {
  const { admitPublicKey } = tagKeys(tag);
  const slots = Array.from({ length: POINTER_SLOTS }, (_, slot) => slot);
  return Promise.all(slots.map((slot) => readSlot(network, pointerKey(admitPublicKey, epoch, slot), slot, logger)));
}

async function readSlot(network: Pick<NetworkHost, 'get'>, key: Uint8Array, slot: number, logger: Logger): Promise<SlotReading> {
  try {
    const value = await network.get(pointerKind, key);
    if (value === undefined) return { slot, state: 'free', body: undefined };
    return { slot, state: 'held', body: readPointerValue(key, value) };
  } catch (error) {
    logger.warn('pointer-slot-unreadable', { slot }, error);
    return { slot, state: 'unreadable', body: undefined };
  }
}
