import { createSocket } from 'node:dgram';
import { peerIdFromString } from '@libp2p/peer-id';
import { multiaddr } from '@multiformats/multiaddr';
import { describe, expect, it } from '@jest/globals';
import { admitForTest, makeTestAuthority, makeTestIdentity, makeTestNode, waitUntil } from '../../../testkit/src/network-fixture.ts';
import { hintsOf, serviceTag } from './local-discovery.ts';

const PEER = '12D3KooWFZiSWNQXViAE36SKNRV4pJisdvA3rdfRfjiEmU5qpSnr';
const MDNS = { address: '224.0.0.251', port: 5353 };

/** Whether this machine hears its own multicasts. */
function multicastWorks(): Promise<boolean> {
  const socket = createSocket({ type: 'udp4', reuseAddr: true });
  return new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), 1_000);
    socket.on('error', () => resolve(false));
    socket.on('message', () => resolve(true));
    socket.bind(MDNS.port, () => {
      try {
        socket.addMembership(MDNS.address);
        socket.send(Buffer.alloc(12), MDNS.port, MDNS.address);
      } catch {
        resolve(false);
      }
    });
    socket.once('close', () => clearTimeout(timer));
  }).finally(() => socket.close());
}

describe('serviceTag', () => {
  it('is a name of DNS-SD that differs with the network and does not say which it is', () => {
    expect(serviceTag('carecord-demo')).toMatch(/^_c[0-9a-f]{12}\._udp\.local$/);
    expect(serviceTag('carecord-demo')).not.toBe(serviceTag('carecord-demo2'));
    expect(serviceTag('carecord-demo')).toBe(serviceTag('carecord-demo'));
  });
});

describe('hintsOf', () => {
  const said = (...addresses: string[]) => hintsOf({ id: peerIdFromString(PEER), multiaddrs: addresses.map((address) => multiaddr(address)) }).map(({ address }) => address);

  it('takes private addresses that can be dialled, a few', () => {
    expect(said('/ip4/10.0.0.7/tcp/4001', '/ip6/fd00::7/tcp/4001', '/ip4/127.0.0.1/tcp/4001')).toHaveLength(3);
    expect(said(...Array.from({ length: 50 }, (_, port) => `/ip4/10.0.0.7/tcp/${port + 1}`))).toHaveLength(4);
  });

  it.each(['/ip4/198.41.0.4/tcp/4001', '/ip4/0.0.0.0/tcp/4001', '/ip4/10.0.0.7/tcp/0', '/ip4/10.0.0.7/udp/4001', `/ip4/10.0.0.7/tcp/4001/p2p/${PEER}/p2p-circuit`, '/dns4/a.example/tcp/1'])('does not take %s', (address) => {
    expect(said(address)).toEqual([]);
  });
});

describe('multicast DNS', () => {
  it('brings two hosts together that know nothing of each other', async () => {
    if (!(await multicastWorks())) {
      console.warn('Skipped: this machine does not let a process hear multicasts.');
      return;
    }
    const authority = await makeTestAuthority();
    const identities = await Promise.all(['a', 'b'].map((name) => makeTestIdentity(name)));
    const nodes = await Promise.all(identities.map(async (identity) => makeTestNode(identity, await admitForTest(identity, authority), authority, { mdns: true })));
    try {
      for (const { host } of nodes) await host.start();
      await waitUntil(() => nodes.every(({ host }) => host.members().length === 1));
      expect(nodes.map(({ host }) => host.members()[0]?.name)).toEqual(['Hospital b', 'Hospital a']);
    } finally {
      for (const { host } of nodes) await host.stop();
    }
  });
});
