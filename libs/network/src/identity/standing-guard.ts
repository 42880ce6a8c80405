import type { Clock, Logger } from '@carecord/core';
import type { StatusBook } from '@carecord/identity';
import { every } from '../every.ts';
import type { MemberRegistry } from '../host/member-registry.ts';
import type { Member } from '../ports.ts';

/** How often to look for memberships and status lists whose time has passed; a removal is acted upon at once. */
const CHECK_MILLISECONDS = 10_000;

/** What {@link StandingGuard} works with. */
export interface StandingGuardOptions {
  readonly registry: Pick<MemberRegistry, 'fallen' | 'forget'>;
  readonly statuses: Pick<StatusBook, 'onChange'>;
  /** Closes every connection to a peer and takes it out of the routing table. */
  readonly cutOff: (fallen: Member) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Closes the connections to whoever is no member any more. (Nothing was answered on them since: the registry does not know a fallen member.) */
export class StandingGuard {
  private stopListening: () => void = () => undefined;

  constructor(private readonly options: StandingGuardOptions) {}

  /** Acts upon every newer status list from now on. */
  start(): void {
    this.stopListening();
    this.stopListening = this.options.statuses.onChange(() => this.enforce());
  }

  /** Acts no more. */
  stop(): void {
    this.stopListening();
  }

  /** Looks at intervals until the signal is aborted. */
  run(signal: AbortSignal): Promise<void> {
    return every(CHECK_MILLISECONDS, this.options.clock, signal, () => {
      this.enforce();
      return Promise.resolve();
    });
  }

  private enforce(): void {
    const { cutOff, logger, registry } = this.options;
    for (const fallen of registry.fallen()) {
      logger.warn('member-cut-off', { did: fallen.did, peer: fallen.peerId });
      registry.forget(fallen.peerId);
      cutOff(fallen);
    }
  }
}
