import { identify } from '@libp2p/identify';
import type { Libp2p } from '@libp2p/interface';
import { kadDHT, passthroughMapper } from '@libp2p/kad-dht';
import type { KadDHT } from '@libp2p/kad-dht';
import { ping } from '@libp2p/ping';
import { tcp } from '@libp2p/tcp';
import { tls } from '@libp2p/tls';
import { yamux } from '@libp2p/yamux';
import { createLibp2p } from 'libp2p';
import { untilQuiet } from './hosts.ts';

/** Values under `/bench/…`, whatever they are. */
const NAMESPACE = 'bench';
/** Each node dials so many of those before it, beside the first: from there the DHT finds the others. */
const DIALLED = 31;
/** A handshake on a busy machine. */
const BUSY = { dialTimeout: 30_000, addressDialTimeout: 30_000, inboundUpgradeTimeout: 30_000, outboundUpgradeTimeout: 30_000, protocolNegotiationTimeout: 30_000 };
const DIAL_ATTEMPTS = 5;
const SEND_QUERY = 'kad-dht:query:send-query';

type PlainNode = Libp2p<{ readonly dht: KadDHT }>;

/** Nodes of libp2p with `@libp2p/kad-dht` as it comes, in this process: what ours is compared with. */
export class PlainKademlia {
  private queries = 0;
  private readonly onProgress = ({ type }: { readonly type: string }): void => {
    if (type === SEND_QUERY) this.queries += 1;
  };

  private constructor(private readonly nodes: readonly PlainNode[]) {}

  /** Starts nodes that have found each other. */
  static async start(count: number): Promise<PlainKademlia> {
    const nodes: PlainNode[] = [];
    for (let at = 0; at < count; at += 1) {
      const node = await makeNode();
      for (const other of nodes.slice(0, 1).concat(nodes.slice(1).slice(-DIALLED))) await dialPatiently(node, other);
      nodes.push(node);
    }
    await untilQuiet();
    return new PlainKademlia(nodes);
  }

  /** Questions that its nodes have sent for what was asked of them here. */
  sent(): Promise<number> {
    return Promise.resolve(this.queries);
  }

  /** Looks for the nodes closest to a key. */
  async lookUp(by: number, key: Uint8Array): Promise<void> {
    // Not over `peerRouting`, which looks up each node that it finds once more.
    for await (const { name } of this.node(by).services.dht.getClosestPeers(key)) if (name === 'SEND_QUERY') this.queries += 1;
  }

  async put(by: number, name: string, value: Uint8Array): Promise<void> {
    await this.node(by).contentRouting.put(keyOf(name), value, { onProgress: this.onProgress });
  }

  /** @throws Error when it is not found, or another value */
  async get(by: number, name: string, value: Uint8Array): Promise<void> {
    const found = await this.node(by).contentRouting.get(keyOf(name), { onProgress: this.onProgress });
    if (Buffer.compare(found, value) !== 0) throw new Error('kad-dht gave another value.');
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map(async (node) => node.stop()));
  }

  private node(at: number): PlainNode {
    return this.nodes[at % this.nodes.length] as PlainNode;
  }
}

async function makeNode(): Promise<PlainNode> {
  return createLibp2p({
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [tls()],
    streamMuxers: [yamux()],
    peerStore: { maxAddressAge: Infinity, maxPeerAge: Infinity },
    connectionManager: { ...BUSY, inboundConnectionThreshold: Infinity, maxIncomingPendingConnections: Infinity },
    // On a busy machine its pings come too late, and what it then closes is dialled again without end.
    connectionMonitor: { enabled: false },
    services: {
      identify: identify(),
      ping: ping(),
      dht: kadDHT({
        protocol: '/bench/kad/1.0.0',
        clientMode: false,
        peerInfoMapper: passthroughMapper,
        validators: { [NAMESPACE]: () => Promise.resolve() },
        selectors: { [NAMESPACE]: () => 0 },
      }),
    },
  });
}

async function dialPatiently(from: PlainNode, to: PlainNode): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await from.dial(to.getMultiaddrs());
      return;
    } catch (error) {
      if (attempt >= DIAL_ATTEMPTS) throw error;
    }
  }
}

function keyOf(name: string): Uint8Array {
  return new TextEncoder().encode(`/${NAMESPACE}/${name}`);
}
