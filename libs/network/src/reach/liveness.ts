import type { Logger } from '@carecord/core';
import type { Connection } from '@libp2p/interface';
import type { ConnectionSecurity } from '../encrypter/connection-security.ts';
import { isRelayed } from './addresses.ts';

/** How often each end of a connection makes the other say something, and how often we look. */
export const HEARTBEAT_MILLISECONDS = 10_000;
/** Looks in a row at which nothing had come in: with these 30 to 40 seconds a busy machine is not taken for a dead one. */
const SILENT_LOOKS = 3;

/** What the watch looks at. */
export interface LivenessOptions {
  readonly connections: () => readonly Connection[];
  readonly securityOf: (connection: Connection) => Pick<ConnectionSecurity, 'takeHeard'> | undefined;
  readonly logger: Logger;
}

/**
 * Ends connections on which nothing at all comes in any more. (libp2p's own monitor opens a stream to each peer every ten seconds, and
 * takes one that is refused, or late by seconds, for the death of the whole connection.) It counts looks and no time: a
 * machine that was asleep hears its peers before it counts on.
 */
export class Liveness {
  private readonly silent = new WeakMap<Connection, number>();

  constructor(private readonly options: LivenessOptions) {}

  /** Looks at every connection; to be called once a heartbeat. Never rejects. */
  async look(): Promise<void> {
    const open = this.options.connections().filter(({ status }) => status === 'open');
    for (const connection of open) this.listen(connection);
    // One that does not close in time falls silent.
    await Promise.allSettled(open.filter((connection) => this.isSuperseded(connection)).map((connection) => connection.close()));
  }

  private listen(connection: Connection): void {
    const heard = this.options.securityOf(connection)?.takeHeard() ?? false;
    const looks = heard ? 0 : (this.silent.get(connection) ?? 0) + 1;
    this.silent.set(connection, looks);
    if (looks < SILENT_LOOKS) return;
    this.options.logger.info('connection-silent', { peer: connection.remotePeer.toString() });
    connection.abort(new Error('SILENT'));
  }

  /** A relayed connection on which nothing goes on, to a peer with which we are connected directly as well. */
  private isSuperseded(connection: Connection): boolean {
    if (!isRelayed(connection.remoteAddr) || connection.streams.length > 0) return false;
    return this.options.connections().some((other) => other.status === 'open' && other.remotePeer.equals(connection.remotePeer) && !isRelayed(other.remoteAddr));
  }
}
