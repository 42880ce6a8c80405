import { silentLogger } from '@carecord/core';
import { peerIdFromString } from '@libp2p/peer-id';
import type { Connection } from '@libp2p/interface';
import { multiaddr } from '@multiformats/multiaddr';
import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import { DirectUpgrade } from './direct-upgrade.ts';

const PEER = '12D3KooWFZiSWNQXViAE36SKNRV4pJisdvA3rdfRfjiEmU5qpSnr';
const RELAY = '12D3KooWARjik4zp4UeN92PXDPkoWM8fid3K4mzfAhkWZfLNtiWo';
const RELAYED = `/ip4/10.0.0.1/tcp/1/p2p/${RELAY}/p2p-circuit`;

function setUp(isMember = true) {
  const dialled: string[] = [];
  const upgrade = new DirectUpgrade({
    memberOf: () => (isMember ? 'did:example:caller' : undefined),
    dial: (addresses) => {
      dialled.push(...addresses.map(String));
      return Promise.reject(new Error('UNREACHABLE'));
    },
    clock: new ManualClock(),
    logger: silentLogger,
  });
  return { dialled, upgrade };
}

function connection(direction: 'inbound' | 'outbound', address: string): Connection {
  return { direction, remoteAddr: multiaddr(address), remotePeer: peerIdFromString(PEER) } as Connection;
}

const said = (addresses: readonly string[], over = connection('inbound', RELAYED)) => ({ peerId: peerIdFromString(PEER), connection: over, listenAddrs: addresses.map((address) => multiaddr(address)) });

describe('DirectUpgrade', () => {
  it('tries the private addresses of a caller, as that very peer, and stays with the relay when they lead nowhere', async () => {
    const { dialled, upgrade } = setUp();
    await upgrade.consider(said(['/ip4/10.0.0.7/tcp/4001', '/ip4/198.41.0.4/tcp/4001', '/ip4/0.0.0.0/tcp/4001', RELAYED, '/ip4/192.168.0.7/tcp/0']));
    // Public ones are DCUtR's.
    expect(dialled).toEqual([`/ip4/10.0.0.7/tcp/4001/p2p/${PEER}`]);
  });

  it('tries nothing for a direct connection, one that we made, or one of no member', async () => {
    const { dialled, upgrade } = setUp();
    await upgrade.consider(said(['/ip4/10.0.0.7/tcp/4001'], connection('inbound', '/ip4/10.0.0.7/tcp/5000')));
    await upgrade.consider(said(['/ip4/10.0.0.7/tcp/4001'], connection('outbound', RELAYED)));
    const stranger = setUp(false);
    await stranger.upgrade.consider(said(['/ip4/10.0.0.7/tcp/4001']));
    expect([...dialled, ...stranger.dialled]).toEqual([]);
  });

  it('is not to be had as a port scanner', async () => {
    const { dialled, upgrade } = setUp();
    for (let attempt = 0; attempt < 50; attempt += 1) await upgrade.consider(said(Array.from({ length: 30 }, (_, port) => `/ip4/10.0.0.7/tcp/${port + 1}`)));
    expect(dialled).toHaveLength(5 * 4);
    expect(upgrade.allows(connection('inbound', RELAYED))).toBe(false);
  });

  it('lets a member ask for DCUtR over a relay alone', () => {
    expect(setUp().upgrade.allows(connection('inbound', RELAYED))).toBe(true);
    expect(setUp().upgrade.allows(connection('inbound', '/ip4/10.0.0.7/tcp/5000'))).toBe(false);
    expect(setUp(false).upgrade.allows(connection('inbound', RELAYED))).toBe(false);
  });
});
