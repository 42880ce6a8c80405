import { describe, expect, it } from '@jest/globals';
import { AddressGuard } from './address-guard.ts';

describe('AddressGuard', () => {
  const guard = new AddressGuard([]);

  it.each(['8.8.8.8', '1.1.1.1', '172.15.255.255', '172.32.0.1', '100.63.255.255', '100.128.0.1', '2606:4700:4700::1111', '2a00::1'])('%s is public', (address) => {
    expect(guard.kindOf(address)).toBe('public');
    expect(guard.permits('a.example', 443, address)).toBe(true);
  });

  it.each([
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '127.0.0.1',
    '127.255.255.254',
    '100.64.0.1',
    '100.100.100.200',
    '192.0.2.1',
    '198.51.100.1',
    '203.0.113.1',
    '198.18.0.1',
    '::1',
    'fc00::1',
    'fd00:ec2::254',
    '2001:db8::1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '::ffff:8.8.8.8',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    '2001:0:7f00:1::',
  ])('%s is private: refused unless its host or the address is listed', (address) => {
    expect(guard.kindOf(address)).toBe('private');
    expect(guard.permits('a.example', 443, address)).toBe(false);
    expect(new AddressGuard(['a.example']).permits('a.example', 443, address)).toBe(true);
    expect(new AddressGuard(['a.example']).permits('b.example', 443, address)).toBe(false);
    expect(new AddressGuard([address]).permits('b.example', 443, address)).toBe(true);
  });

  it.each(['0.0.0.0', '169.254.169.254', '168.63.129.16', '224.0.0.1', '255.255.255.255', '::', 'fe80::1', 'ff02::1', '::ffff:169.254.169.254', 'no address', ''])(
    '%s is never reached by a listed name, only if it is listed itself',
    (address) => {
      expect(guard.kindOf(address)).toBe('never');
      expect(new AddressGuard(['a.example']).permits('a.example', 80, address)).toBe(false);
    },
  );

  it('keeps to the port where one is listed', () => {
    const ported = new AddressGuard(['A.example:8443', '127.0.0.1:9000', '[::1]:9000']);
    expect(ported.permits('a.example', 8443, '10.0.0.1')).toBe(true);
    expect(ported.permits('a.example', 443, '10.0.0.1')).toBe(false);
    expect(ported.permits('x.example', 9000, '127.0.0.1')).toBe(true);
    expect(ported.permits('x.example', 9001, '127.0.0.1')).toBe(false);
    expect(ported.permits('::1', 9000, '::1')).toBe(true);
    expect(ported.permits('::1', 9001, '::1')).toBe(false);
  });
});
