import { RateLimiter } from '@carecord/core';
import type { Clock, Logger } from '@carecord/core';
import type { StreamHandler, StreamMessageEvent } from '@libp2p/interface';

/** Kademlia requests of one peer: a hospital that publishes all its patients anew sends some hundreds a second to each storer. */
const REQUESTS = { burst: 4_000, perSecond: 1_000 };
/** Bytes of one peer: the same hospital's values, at some kilobytes each. */
const BYTES = { burst: 32 * 1024 * 1024, perSecond: 8 * 1024 * 1024 };
/** One stream carries one request in practice; without a limit kad-dht would take messages of 4 MiB and any number of them. */
const MAX_STREAM_BYTES = 256 * 1024;

/** What {@link limitDhtStreams} needs to know. */
export interface DhtLimitsOptions {
  /** Whether the membership that a PeerId proved still holds. */
  readonly isMember: (peerId: string) => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Bounds what one peer can ask of our part of the DHT, which kad-dht does not, and ends the connection of one whose
 * membership has ended, as the message server does. (libp2p's stream middleware would be the place
 * for it, but in 3.3 it adds the handler to the registered list at each inbound stream and then runs it on outbound ones.)
 */
export function limitDhtStreams(handler: StreamHandler, { isMember, clock, logger }: DhtLimitsOptions): StreamHandler {
  const requests = new RateLimiter(REQUESTS, clock);
  const volume = new RateLimiter(BYTES, clock);
  return (stream, connection) => {
    const peer = connection.remotePeer.toString();
    const refuse = (code: string): void => {
      logger.warn('dht-peer-limited', { peer, code });
      stream.abort(new Error(code));
    };
    if (!isMember(peer)) {
      connection.abort(new Error('NOT_A_MEMBER'));
      return undefined;
    }
    if (!requests.take(peer)) {
      refuse('TOO_MANY_REQUESTS');
      return undefined;
    }
    const handled = handler(stream, connection);
    let received = 0;
    // After the handler's own listener: the first listener of a stream is given what has arrived already.
    stream.addEventListener('message', (event: StreamMessageEvent) => {
      received += event.data.byteLength;
      if (received > MAX_STREAM_BYTES) refuse('STREAM_TOO_LARGE');
      else if (!volume.take(peer, event.data.byteLength)) refuse('TOO_MANY_BYTES');
    });
    return handled;
  };
}
