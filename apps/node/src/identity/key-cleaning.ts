import type { Clock, Logger } from '@carecord/core';
import { later } from '@carecord/core';
import { recipientKeyId } from '@carecord/identity';
import type { KeyPurpose, KeyRing, NodeKeyInfo } from '@carecord/keys';
import { POINTER_LIFETIME_MILLISECONDS } from '@carecord/locator';

/** Other replicas have followed a rotation long before. */
const FOLLOWED_MILLISECONDS = 60_000;
/** Pointers that name us stand in the DHT, sealed to the key before, until they are renewed or over; a release has arrived long before. */
const SEALED_MILLISECONDS = POINTER_LIFETIME_MILLISECONDS;

/** How long after its retirement nothing needs a key any more; kinds that are not here are kept. */
const DESTROYED_AFTER: Readonly<Partial<Record<KeyPurpose, number>>> = {
  // Their signatures are checked with the public keys, which the document still lists.
  'did-signing': FOLLOWED_MILLISECONDS,
  'did-update': FOLLOWED_MILLISECONDS,
  'did-cosigning': FOLLOWED_MILLISECONDS,
  'did-recipient': SEALED_MILLISECONDS,
};

/** What {@link KeyCleaning} needs to know. */
export interface KeyCleaningOptions {
  readonly ring: KeyRing;
  readonly did: string;
  /** The recipient keys, as the DID document names them, to which something is sealed that may still be opened. */
  readonly recipientKeysInUse: () => Promise<ReadonlySet<string>>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Destroys private keys that nothing needs any more: a key that is gone cannot be stolen. */
export class KeyCleaning {
  constructor(private readonly options: KeyCleaningOptions) {}

  /** @returns the ids of the keys that were destroyed */
  async run(): Promise<readonly string[]> {
    const { ring, did, clock, logger, recipientKeysInUse } = this.options;
    const now = clock.now();
    const inUse = await recipientKeysInUse();
    const needless = ring.list().filter((key) => isOver(key, now) && !(key.purpose === 'did-recipient' && inUse.has(recipientKeyId(did, key.number))));
    if (needless.length === 0) return [];
    await ring.change(async (transaction) => {
      for (const { id } of needless) await ring.destroy(transaction, id);
    });
    const ids = needless.map(({ id }) => id);
    logger.info('keys-destroyed', { keys: ids.join(' ') });
    return ids;
  }
}

function isOver({ purpose, state, retiredAt }: NodeKeyInfo, now: Date): boolean {
  const after = DESTROYED_AFTER[purpose];
  return state === 'retired' && retiredAt !== undefined && after !== undefined && now >= later(retiredAt, after);
}
