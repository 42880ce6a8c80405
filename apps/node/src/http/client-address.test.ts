import { describe, expect, it } from '@jest/globals';
import { clientAddress } from './client-address.ts';

const from = (ip: string | undefined, remoteAddress?: string): string => clientAddress({ ip, socket: { remoteAddress } });

describe('clientAddress', () => {
  it('is the address that Express makes out, else that of the socket', () => {
    expect(from('198.51.100.7', '10.0.0.1')).toBe('198.51.100.7');
    expect(from(undefined, '10.0.0.1')).toBe('10.0.0.1');
    expect(from(undefined)).toBe('unknown');
    expect(from('::ffff:10.0.0.1')).toBe('::ffff:10.0.0.1');
  });

  it('is the network of an IPv6 address, however it is written, and not that of another', () => {
    expect(from('2001:db8:1:2:aaaa:bbbb:cccc:dddd')).toBe('2001:db8:1:2::/64');
    expect(from('2001:db8:1:2::1')).toBe('2001:db8:1:2::/64');
    expect(from('2001:0DB8:0001:0002::')).toBe('2001:db8:1:2::/64');
    expect(from('fe80::1%eth0')).toBe('fe80:0:0:0::/64');
    expect(from('::1')).toBe('0:0:0:0::/64');
    expect(from('2001:db8:1:3::1')).not.toBe(from('2001:db8:1:2::1'));
  });
});
