import { multiaddr } from '@multiformats/multiaddr';
import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { addressesToAnnounce, diallable, parseAnnouncedAddresses, parseListenAddresses } from './addresses.ts';
import type { Reached } from './addresses.ts';

const RELAY = '12D3KooWFZiSWNQXViAE36SKNRV4pJisdvA3rdfRfjiEmU5qpSnr';
const RELAYED = `/ip4/203.0.113.9/tcp/4001/p2p/${RELAY}/p2p-circuit`;

type Given = Partial<Record<'listening' | 'relayed' | 'configured', readonly string[]>> & Partial<Pick<Reached, 'onlyConfigured' | 'behindFirewall'>>;

function announced({ listening = [], relayed = [], configured = [], onlyConfigured = false, behindFirewall = false }: Given): string[] {
  const read = (addresses: readonly string[]) => addresses.map((address) => multiaddr(address));
  return addressesToAnnounce({ listening: read(listening), relayed: read(relayed), configured: read(configured), onlyConfigured, behindFirewall }).map(String);
}

describe('addressesToAnnounce', () => {
  it('tells where we listen, what is configured before it, relays last', () => {
    expect(announced({ listening: ['/ip4/10.0.0.5/tcp/4001', '/ip6/2001:db8::5/tcp/4001'], configured: ['/dns4/a.example/tcp/443/tls/ws'], relayed: [RELAYED] })).toEqual([
      '/dns4/a.example/tcp/443/tls/ws',
      '/ip4/10.0.0.5/tcp/4001',
      '/ip6/2001:db8::5/tcp/4001',
      RELAYED,
    ]);
  });

  it('tells what is configured alone, if so wanted; and of relays all the same', () => {
    expect(announced({ listening: ['/ip4/10.0.0.5/tcp/4001'], configured: ['/ip4/203.0.113.5/tcp/4001'], onlyConfigured: true, relayed: [RELAYED] })).toEqual(['/ip4/203.0.113.5/tcp/4001', RELAYED]);
  });

  it('tells of no way in behind a firewall but relays', () => {
    expect(announced({ listening: ['/ip4/10.0.0.5/tcp/4001'], configured: ['/ip4/203.0.113.5/tcp/4001'], relayed: [RELAYED], behindFirewall: true })).toEqual([RELAYED]);
    expect(announced({ listening: ['/ip4/10.0.0.5/tcp/4001'], behindFirewall: true })).toEqual([]);
  });

  it('tells of loopback only where there is nothing else', () => {
    expect(announced({ listening: ['/ip4/127.0.0.1/tcp/4001', '/ip6/::1/tcp/4001'] })).toEqual(['/ip4/127.0.0.1/tcp/4001', '/ip6/::1/tcp/4001']);
    expect(announced({ listening: ['/ip4/127.0.0.1/tcp/4001', '/ip4/10.0.0.5/tcp/4001'] })).toEqual(['/ip4/10.0.0.5/tcp/4001']);
    expect(announced({ listening: ['/ip4/127.0.0.1/tcp/4001'], configured: ['/dns4/a.example/tcp/4001'] })).toEqual(['/dns4/a.example/tcp/4001']);
  });

  it.each(['/ip4/0.0.0.0/tcp/4001', '/ip6/::/tcp/4001', '/ip4/10.0.0.5/tcp/0', '/ip4/169.254.1.1/tcp/4001', '/ip6/fe80::1/tcp/4001', '/ip4/10.0.0.5/udp/4001', '/dns4/a.example'])('never tells of %s', (address) => {
    expect(announced({ listening: [address] })).toEqual([]);
    expect(announced({ listening: [address, '/ip4/127.0.0.1/tcp/1'] })).toEqual(['/ip4/127.0.0.1/tcp/1']);
  });

  it('never tells of one that fits into no message', () => {
    expect(announced({ listening: [`/dns4/${'a'.repeat(60)}.example/tcp/4001`] })).toHaveLength(1);
    expect(announced({ listening: [`/dns4/${'a'.repeat(1_000)}.example/tcp/4001`] })).toEqual([]);
    expect(diallable(`/dns4/${'a'.repeat(1_000)}.example/tcp/4001`)).toBeUndefined();
  });

  it('tells of each once, and of no more than an advert holds, whatever there is', () => {
    const host = fc.oneof(fc.constantFrom('0.0.0.0', '127.0.0.1', '169.254.7.7', '10.0.0.5'), fc.ipV4());
    const address = fc.record({ host, port: fc.integer({ min: 0, max: 65_535 }) }).map(({ host, port }) => `/ip4/${host}/tcp/${port}`);
    const some = fc.array(address, { maxLength: 20 });
    fc.assert(
      fc.property(some, some, fc.boolean(), fc.boolean(), (listening, configured, onlyConfigured, behindFirewall) => {
        const told = announced({ listening, configured, onlyConfigured, behindFirewall });
        expect(new Set(told).size).toBe(told.length);
        expect(told.length).toBeLessThanOrEqual(8);
        for (const one of told) expect(one).not.toMatch(/\/0\.0\.0\.0\/|\/169\.254\.|\/tcp\/0$/);
        if (behindFirewall) expect(told).toEqual([]);
        if (told.some((one) => !one.startsWith('/ip4/127.'))) expect(told.every((one) => !one.startsWith('/ip4/127.'))).toBe(true);
      }),
    );
  });
});

describe('configured addresses', () => {
  it('are listened on over TCP and WebSocket, IPv4 and IPv6', () => {
    expect(parseListenAddresses(['/ip4/0.0.0.0/tcp/0', '/ip6/::/tcp/4001', '/ip4/127.0.0.1/tcp/8080/ws']).map(String)).toHaveLength(3);
  });

  it.each(['', 'nonsense', '/ip4/1.2.3.4/udp/1', '/ip4/1.2.3.4/tcp/1/wss', '/dns4/a.example/tcp/1', '/ip4/1.2.3.4/tcp/99999', RELAYED])('are refused for listening: %s', (address) => {
    expect(() => parseListenAddresses([address])).toThrow(expect.objectContaining({ code: 'ADDRESS_INVALID' }));
  });

  it('are announced when somebody could dial them', () => {
    const good = ['/ip4/203.0.113.5/tcp/4001', '/dns6/a.example/tcp/1', '/dns4/a.example/tcp/443/tls/ws', '/dns4/a.example/tcp/443/wss', RELAYED];
    expect(parseAnnouncedAddresses(good).map(String)).toEqual(good);
  });

  it.each(['/ip4/0.0.0.0/tcp/4001', '/ip6/::/tcp/1', '/ip4/203.0.113.5/tcp/0', 'nonsense', '/dns4/a.example/tcp/443/tls/ws/http-path/peers'])('are refused for announcing: %s', (address) => {
    expect(() => parseAnnouncedAddresses([address])).toThrow(expect.objectContaining({ code: 'ADDRESS_INVALID' }));
  });

  it('are refused when they are more than an advert holds', () => {
    const nine = Array.from({ length: 9 }, (_, at) => `/ip4/203.0.113.${at}/tcp/1`);
    expect(() => parseAnnouncedAddresses(nine)).toThrow(expect.objectContaining({ code: 'ADDRESS_INVALID' }));
  });
});

describe('diallable', () => {
  it('reads any bytes and any text without throwing, and gives addresses alone', () => {
    fc.assert(fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), fc.string()), (input) => void diallable(input)));
    expect(diallable(multiaddr('/ip4/10.0.0.5/tcp/1').bytes)?.toString()).toBe('/ip4/10.0.0.5/tcp/1');
    expect(diallable('/ip4/0.0.0.0/tcp/1')).toBeUndefined();
    expect(diallable(new Uint8Array([1, 2, 3]))).toBeUndefined();
  });
});
