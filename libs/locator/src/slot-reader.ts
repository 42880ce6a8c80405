import type { Logger } from '@carecord/core';
import type { NetworkHost } from '@carecord/network';
import { POINTER_SLOTS, pointerKey, tagKeys } from './keys.ts';
import { pointerKind, readPointerValue } from './pointer-value.ts';
import type { PointerBody } from './pointer-value.ts';

/** What the DHT answered for one slot of a tag. */
export interface SlotReading {
  readonly slot: number;
  /** `unreadable`: the DHT failed or was too slow, so there may be more than was seen. */
  readonly state: 'held' | 'free' | 'unreadable';
  /** More than one while two holders race for the slot. */
  readonly bodies: readonly PointerBody[];
}

/** Reads all slots of a tag at once, always all of them: how many are held does not show in what is asked. */
export function readSlots(network: Pick<NetworkHost, 'getAll'>, tag: Uint8Array, epoch: number, logger: Logger): Promise<SlotReading[]> {
  const { admitPublicKey } = tagKeys(tag);
  const slots = Array.from({ length: POINTER_SLOTS }, (_, slot) => slot);
  return Promise.all(slots.map((slot) => readSlot(network, pointerKey(admitPublicKey, epoch, slot), slot, logger)));
}

async function readSlot(network: Pick<NetworkHost, 'getAll'>, key: Uint8Array, slot: number, logger: Logger): Promise<SlotReading> {
  try {
    const { values, complete } = await network.getAll(pointerKind, key);
    const bodies = values.map((value) => readPointerValue(key, value));
    return { slot, state: complete ? (bodies.length > 0 ? 'held' : 'free') : 'unreadable', bodies };
  } catch (error) {
    logger.warn('pointer-slot-unreadable', { slot }, error);
    return { slot, state: 'unreadable', bodies: [] };
  }
}
