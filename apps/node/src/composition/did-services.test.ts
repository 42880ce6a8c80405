import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { authorityDidServices, hospitalDidServices, sameServices } from './did-services.ts';

const meeting = { bootstrap: [], announce: { addresses: [], onlyThese: false }, mdns: false, dht: true, relayServer: false, behindFirewall: false, replication: 5 };
const place = (publicUrl: string | undefined, ...listen: string[]) => ({ publicUrl, peerToPeer: { ...meeting, listen } });
const peersOf = (...listen: string[]): string[] => hospitalDidServices(place(undefined, ...listen)).map(({ endpoint }) => endpoint);

describe('what a DID document says about where its node is', () => {
  it('is, of a hospital, GraphQL at its public address, and its peers', () => {
    expect(hospitalDidServices(place('https://a.hospital.example', '/ip4/10.1.2.3/tcp/4001'))).toEqual([
      { type: 'CarecordGraphQL', endpoint: 'https://a.hospital.example/graphql' },
      { type: 'CarecordPeer', endpoint: '/ip4/10.1.2.3/tcp/4001' },
    ]);
  });

  it('is nothing in a demo that nobody reaches from outside', () => {
    expect(hospitalDidServices(place(undefined, '/ip4/127.0.0.1/tcp/4001'))).toEqual([]);
  });

  it('is, of an authority, its office and its public keys', () => {
    const keys = { witness: 'did:key:z6MkWitness' };
    expect(authorityDidServices(place('https://authority.example', '/dns4/authority.example/tcp/4001'), keys)).toEqual([
      { type: 'CarecordAuthority', endpoint: 'https://authority.example' },
      { type: 'CarecordWitness', endpoint: 'did:key:z6MkWitness' },
      { type: 'CarecordPeer', endpoint: '/dns4/authority.example/tcp/4001' },
    ]);
    expect(authorityDidServices(place(undefined), keys).map(({ type }) => type)).toEqual(['CarecordWitness']);
  });

  it.each(['/ip4/10.1.2.3/tcp/4001', '/ip4/198.51.100.7/tcp/1', '/ip6/2001:db8::7/tcp/4001', '/dns4/node.hospital.example/tcp/4001', '/dns6/node.hospital.example/tcp/4001', '/ip4/1.127.0.1/tcp/10'])(
    'has the address %s',
    (address) => {
      expect(peersOf(address)).toEqual([address]);
    },
  );

  it.each(['/ip4/0.0.0.0/tcp/4001', '/ip4/127.0.0.1/tcp/4001', '/ip4/127.9.9.9/tcp/4001', '/ip6/::/tcp/4001', '/ip6/::1/tcp/4001', '/ip4/10.1.2.3/tcp/0', '/dns4/node.hospital.example/tcp/0', '/ip4/10.1.2.3/udp/4001'])(
    'has no address that means nothing to others: %s',
    (address) => {
      expect(peersOf(address)).toEqual([]);
    },
  );

  it('is what the operator announces before, or instead of, where it listens', () => {
    const told = (change: object): string[] =>
      hospitalDidServices({ publicUrl: undefined, peerToPeer: { ...meeting, listen: ['/ip4/10.1.2.3/tcp/4001', '/ip4/10.1.2.3/tcp/4002/ws'], ...change } }).map(({ endpoint }) => endpoint);
    const addresses = ['/dns4/node.hospital.example/tcp/443/wss'];
    expect(told({})).toEqual(['/ip4/10.1.2.3/tcp/4001', '/ip4/10.1.2.3/tcp/4002/ws']);
    expect(told({ announce: { addresses, onlyThese: false } })).toEqual([...addresses, '/ip4/10.1.2.3/tcp/4001', '/ip4/10.1.2.3/tcp/4002/ws']);
    expect(told({ announce: { addresses, onlyThese: true } })).toEqual(addresses);
  });

  it('has no address behind a firewall, where none leads in', () => {
    expect(hospitalDidServices({ publicUrl: undefined, peerToPeer: { ...meeting, listen: ['/ip4/10.1.2.3/tcp/4001'], behindFirewall: true } })).toEqual([]);
  });

  it('is the same at two replicas, which listen at different addresses', () => {
    const replica = (listen: string) => hospitalDidServices(place('https://a.hospital.example', listen));
    expect(sameServices(replica('/ip4/10.1.2.3/tcp/4001'), replica('/ip4/10.1.2.4/tcp/4001'))).toBe(true);
  });

  it('is the same in another order, and not with another type, address or number', () => {
    const [one, other] = [{ type: 'CarecordGraphQL', endpoint: 'https://a.example/graphql' }, { type: 'CarecordWitness', endpoint: 'did:key:z6MkWitness' }];
    expect(sameServices([one, other], [other, one])).toBe(true);
    expect(sameServices([], [])).toBe(true);
    for (const different of [[one], [one, other, other], [one, { ...other, type: 'FhirBase' }], [one, { ...other, endpoint: 'did:key:z6MkAnother' }]]) expect(sameServices([one, other], different)).toBe(false);
  });
});
