import { silentLogger } from '@carecord/core';
import { peerIdFromString } from '@libp2p/peer-id';
import type { Connection } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { describe, expect, it } from '@jest/globals';
import { Liveness } from './liveness.ts';

const PEER = '12D3KooWFZiSWNQXViAE36SKNRV4pJisdvA3rdfRfjiEmU5qpSnr';
const OTHER = '12D3KooWARjik4zp4UeN92PXDPkoWM8fid3K4mzfAhkWZfLNtiWo';

/** As much of a connection as is looked at. */
class Line {
  status = 'open';
  heard = true;
  streams: unknown[] = [];
  readonly remoteAddr;
  readonly remotePeer;

  constructor(peer = PEER, relayed = false) {
    this.remotePeer = peerIdFromString(peer);
    this.remoteAddr = multiaddr(relayed ? `/ip4/10.0.0.1/tcp/1/p2p/${OTHER}/p2p-circuit/p2p/${peer}` : '/ip4/10.0.0.1/tcp/1');
  }

  abort(): void {
    this.status = 'aborted';
  }

  close(): Promise<void> {
    this.status = 'closed';
    return Promise.resolve();
  }
}

function watch(...lines: Line[]): Liveness {
  return new Liveness({
    connections: () => lines as unknown as Connection[],
    securityOf: (connection) => ({ takeHeard: () => (connection as unknown as Line).heard }),
    logger: silentLogger,
  });
}

describe('Liveness', () => {
  it('ends a connection on which nothing came in for three heartbeats, and no other', async () => {
    const [silent, talking] = [new Line(), new Line(OTHER)];
    const liveness = watch(silent, talking);
    await liveness.look();
    silent.heard = false;
    await liveness.look();
    await liveness.look();
    expect(silent.status).toBe('open');
    await liveness.look();
    expect([silent.status, talking.status]).toEqual(['aborted', 'open']);
  });

  it('begins to count anew when something comes in', async () => {
    const line = new Line();
    const liveness = watch(line);
    for (let round = 0; round < 10; round += 1) {
      line.heard = round % 3 === 0;
      await liveness.look();
    }
    expect(line.status).toBe('open');
  });

  it('closes a relayed connection that is not used when there is a direct one', async () => {
    const [relayed, direct] = [new Line(PEER, true), new Line()];
    const liveness = watch(relayed, direct);
    relayed.streams = [{}];
    await liveness.look();
    expect(relayed.status).toBe('open');
    relayed.streams = [];
    await liveness.look();
    expect([relayed.status, direct.status]).toEqual(['closed', 'open']);
  });

  it('leaves a relayed connection alone that is the only one to its peer', async () => {
    const [relayed, elsewhere] = [new Line(PEER, true), new Line(OTHER)];
    await watch(relayed, elsewhere).look();
    expect(relayed.status).toBe('open');
  });
});
