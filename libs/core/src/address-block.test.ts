import { describe, expect, it } from '@jest/globals';
import { addressBlock } from './address-block.ts';

describe('addressBlock', () => {
  it('is an IPv4 address itself, also where it is mapped', () => {
    expect(addressBlock('198.51.100.7')).toBe('198.51.100.7');
    expect(addressBlock('::ffff:10.0.0.1')).toBe('::ffff:10.0.0.1');
    expect(addressBlock('unknown')).toBe('unknown');
  });

  it('is the network of an IPv6 address, however it is written, and not that of another', () => {
    for (const address of ['2001:db8:1:2:aaaa:bbbb:cccc:dddd', '2001:db8:1:2::1', '2001:0DB8:0001:0002::']) expect(addressBlock(address)).toBe('2001:db8:1:2::/64');
    expect(addressBlock('2001:db8:1:3::1')).toBe('2001:db8:1:3::/64');
    expect(addressBlock('fe80::1%eth0')).toBe('fe80:0:0:0::/64');
    expect(addressBlock('::1')).toBe('0:0:0:0::/64');
  });
});
