import { later } from '@carecord/core';
import type { Clock, Logger } from '@carecord/core';
import type { LocalIdentity } from '@carecord/identity';
import type { NetworkHost } from '../ports.ts';
import { ADVERT, advertKey, makeAdvert } from './advert.ts';
import { placementOf } from './placement.ts';

/** Adverts say how things are now; a day is how long one outlives its member. */
const INTERVAL_MILLISECONDS = 60 * 60 * 1000;
const LIFETIME_MILLISECONDS = 24 * 60 * 60 * 1000;
/** In a network this small, where all store everything, a newcomer is given our advert at once; in a larger one at the next look: many come at a time. */
const SMALL_NETWORK = 5;

/** What the publisher uses of its host. */
export interface AdvertPublisherOptions {
  readonly host: Pick<NetworkHost, 'peerId' | 'addresses' | 'routingTableSize' | 'put'>;
  readonly local: LocalIdentity;
  /** What we offer others, see `Advert.capabilities`. */
  readonly capabilities: readonly string[];
  /** Who should have what stands at a placement, as far as is known here. */
  readonly storers: (placement: Uint8Array) => readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What the advert that was published last rested on. */
interface Published {
  readonly versionId: string;
  readonly addresses: string;
  readonly storers: string;
}

/** Keeps our advert in the DHT: every hour, and whenever what it says, or who should have it, has changed. */
export class AdvertPublisher {
  private readonly placement: Uint8Array;
  private running: Promise<void> | undefined;
  /** Nothing is published before `run`, nor once its signal is aborted: a peer may join while the host stops. */
  private stopped = AbortSignal.abort();
  private again = false;
  private lastSequence = 0;
  private last: Published | undefined;

  constructor(private readonly options: AdvertPublisherOptions) {
    this.placement = placementOf(ADVERT.namespace, advertKey(options.local.did));
  }

  /** Publishes at intervals until the signal is aborted, and ends when nothing is at work any more. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.options;
    this.stopped = signal;
    while (!signal.aborted) {
      await this.publish();
      await clock.sleepUntil(later(clock.now(), INTERVAL_MILLISECONDS), signal).catch(() => undefined);
    }
    await this.running;
  }

  /** To be called when the routing table has changed. */
  neighboursChanged(): void {
    if (this.options.host.routingTableSize() <= SMALL_NETWORK) this.changed();
  }

  /** To be called when something that the advert says may have changed. */
  changed(): void {
    void this.renewIfChanged();
  }

  /**
   * Publishes anew if our addresses have changed, others should have the advert, or our keys have rotated (for the next rotations make
   * those in the advert unknown). To be called now and then. Never rejects.
   */
  async renewIfChanged(): Promise<void> {
    const [last, now] = [this.last, this.present()];
    if (this.running === undefined && last?.versionId === now.versionId && last.addresses === now.addresses && last.storers === now.storers) return;
    await this.publish();
  }

  /** Publishes now; calls while it is at work lead to one more publication. Never rejects. */
  async publish(): Promise<void> {
    this.again = true;
    this.running ??= this.work().finally(() => {
      this.running = undefined;
    });
    await this.running;
  }

  private present(): Published {
    const { host, local, storers } = this.options;
    return { versionId: local.current().resolved.versionId, addresses: host.addresses().join(' '), storers: [...storers(this.placement)].sort().join(' ') };
  }

  private async work(): Promise<void> {
    while (this.again && !this.isStopped()) {
      this.again = false;
      try {
        await this.publishOnce();
      } catch (error) {
        if (!this.isStopped()) this.options.logger.warn('advert-not-published', {}, error);
      }
    }
  }

  private isStopped(): boolean {
    return this.stopped.aborted;
  }

  private async publishOnce(): Promise<void> {
    const { capabilities, host, local, clock, logger } = this.options;
    const addresses = host.addresses();
    // A host that listens nowhere, or not yet, has nothing to say.
    if (addresses.length === 0) return;
    const present = this.present();
    const now = clock.now();
    // Time, so that it rises over restarts; plus one where the clock stands still.
    this.lastSequence = Math.max(now.getTime(), this.lastSequence + 1);
    const advert = await makeAdvert(local.current(), {
      peerId: host.peerId,
      addresses,
      capabilities,
      advertisedAt: now,
      sequence: this.lastSequence,
      expiresAt: later(now, LIFETIME_MILLISECONDS),
    });
    if (this.isStopped()) return;
    const { stored } = await host.put(ADVERT, advertKey(local.did), advert);
    this.last = present;
    logger.debug('advert-published', { stored });
  }
}
