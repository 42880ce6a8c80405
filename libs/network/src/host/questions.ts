import type { Connection } from '@libp2p/interface';
import type { z } from 'zod';
import { orAborted } from '../abort.ts';
import type { Directory } from '../directory/directory.ts';
import type { Peers } from '../identity/peers.ts';
import { ask } from '../messages/message-client.ts';
import type { Asking, MessageWatch } from '../messages/message-client.ts';
import { NetworkError } from '../network-error.ts';
import type { MessageProtocol } from '../ports.ts';
import type { MemberRegistry } from './member-registry.ts';

/** What {@link Questions} works with. */
export interface QuestionsOptions extends MessageWatch {
  readonly registry: Pick<MemberRegistry, 'byPeer' | 'connected'>;
  readonly directory: () => Pick<Directory, 'connectionToPeer'>;
  /** Tells a peer of our newest version before it is asked by another protocol. */
  readonly tellFirst: (peerId: string, protocol: string) => Promise<void>;
}

/** Asks members, each answer taken down. */
export class Questions {
  constructor(private readonly options: QuestionsOptions) {}

  /** Asks over the connection that is made or found for it. */
  askOver<Request extends z.ZodType, Response extends z.ZodType>(
    protocol: MessageProtocol<Request, Response>,
    did: string,
    request: z.infer<Request>,
    connect: (signal: AbortSignal) => Promise<Connection>,
    signal: AbortSignal | undefined,
  ): Promise<z.infer<Response>> {
    const connectAndTell = async (until: AbortSignal): Promise<Connection> => {
      const connection = await orAborted(connect(until), until);
      await orAborted(this.options.tellFirst(connection.remotePeer.toString(), protocol.name), until);
      return connection;
    };
    return ask(protocol, request, this.asking(did, connectAndTell, signal));
  }

  /** The connected peers, each for itself: a hospital may have several. */
  get singlePeers(): Peers {
    const { directory, registry } = this.options;
    return {
      connected: () => registry.connected(),
      ask: (protocol, peerId, request, signal) => {
        const connect = (): Promise<Connection> => {
          const connection = directory().connectionToPeer(peerId);
          return connection === undefined ? Promise.reject(new NetworkError('UNREACHABLE', 'The peer is not connected any more.')) : Promise.resolve(connection);
        };
        return ask(protocol, request, this.asking(registry.byPeer(peerId)?.did ?? '', connect, signal));
      },
    };
  }

  private asking(did: string, connect: Asking['connect'], signal: AbortSignal | undefined): Asking {
    const { observer, counters, clock } = this.options;
    return { did, connect, signal, observer, counters, clock };
  }
}
