import { later } from '@carecord/core';
import type { Clock, Logger } from '@carecord/core';
import type { LocalIdentity } from '@carecord/identity';
import type { NetworkHost } from '../ports.ts';
import { ADVERT, advertKey, makeAdvert } from './advert.ts';

/** Four times a day, well within what storers keep. */
const INTERVAL_MILLISECONDS = 6 * 60 * 60 * 1000;
const LIFETIME_MILLISECONDS = 24 * 60 * 60 * 1000;
/** Kademlia's k: while fewer peers are known, a new one belongs to the storers of our advert and must be given it. */
const SMALL_NETWORK = 20;

/** What the publisher uses of its host. */
export interface AdvertPublisherOptions {
  readonly host: Pick<NetworkHost, 'peerId' | 'addresses' | 'routingTableSize' | 'put'>;
  readonly local: LocalIdentity;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Keeps our advert in the DHT: at intervals, and while the network is small for every peer that joins. */
export class AdvertPublisher {
  private running: Promise<void> | undefined;
  /** Nothing is published before `run`, nor once its signal is aborted: a peer may join while the host stops. */
  private stopped = AbortSignal.abort();
  private again = false;
  private lastSequence = 0;
  private lastVersionId: string | undefined;

  constructor(private readonly options: AdvertPublisherOptions) {}

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

  /** To be called when a peer has joined the routing table. */
  peerJoined(): void {
    if (this.options.host.routingTableSize() <= SMALL_NETWORK) void this.publish();
  }

  /** To be called now and then: publishes anew when our keys have rotated, for the next rotations make those in the advert unknown. */
  async renewIfIdentityChanged(): Promise<void> {
    if (this.lastVersionId !== undefined && this.lastVersionId !== this.options.local.current().resolved.versionId) await this.publish();
  }

  /** Publishes now; calls while it is at work lead to one more publication. Never rejects. */
  async publish(): Promise<void> {
    this.again = true;
    this.running ??= this.work().finally(() => {
      this.running = undefined;
    });
    await this.running;
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
    const { host, local, clock, logger } = this.options;
    const addresses = host.addresses();
    // A host that listens nowhere, or not yet, has nothing to say.
    if (addresses.length === 0) return;
    const now = clock.now();
    // Time, so that it rises over restarts; plus one where the clock stands still.
    this.lastSequence = Math.max(now.getTime(), this.lastSequence + 1);
    const current = local.current();
    const advert = await makeAdvert(current, {
      peerId: host.peerId,
      addresses,
      sequence: this.lastSequence,
      expiresAt: later(now, LIFETIME_MILLISECONDS),
    });
    if (this.isStopped()) return;
    const { stored } = await host.put(ADVERT, advertKey(local.did), advert);
    this.lastVersionId = current.resolved.versionId;
    logger.debug('advert-published', { stored });
  }
}
