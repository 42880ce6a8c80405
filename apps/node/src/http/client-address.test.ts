import { describe, expect, it } from '@jest/globals';
import { clientAddress } from './client-address.ts';

const from = (ip: string | undefined, remoteAddress?: string): string => clientAddress({ ip, socket: { remoteAddress } });

describe('clientAddress', () => {
  it('is the address that Express makes out, else that of the socket', () => {
    expect(from('198.51.100.7', '10.0.0.1')).toBe('198.51.100.7');
    expect(from(undefined, '10.0.0.1')).toBe('10.0.0.1');
    expect(from(undefined)).toBe('unknown');
  });

  it('is the network of an IPv6 address', () => {
    expect(from('2001:db8:1:2:aaaa:bbbb:cccc:dddd')).toBe('2001:db8:1:2::/64');
  });
});
