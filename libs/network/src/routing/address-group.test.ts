import { describe, expect, it } from '@jest/globals';
import { addressGroup } from './address-group.ts';

describe('addressGroup', () => {
  it.each([
    ['/ip4/93.184.100.7/tcp/1', '93.184.0.0/16'],
    ['/ip4/93.184.200.9/tcp/2/ws/p2p/12D3KooWGC6TvWhfapngX6wvJHMYvKpDMXPb3ZnCZ6dMoaMtimQ5', '93.184.0.0/16'],
    ['/ip4/93.185.100.7/tcp/1', '93.185.0.0/16'],
    ['/ip6/2a01:4f8:1:2::1/tcp/1', '2a01:4f8::/32'],
    ['/ip6/2a01:4f8::/tcp/1', '2a01:4f8::/32'],
    ['/ip6/2a02::1/tcp/1', '2a02:0::/32'],
  ])('puts %s into %s', (address, group) => expect(addressGroup(address)).toBe(group));

  it.each(['/ip4/127.0.0.1/tcp/1', '/ip4/10.1.2.3/tcp/1', '/ip4/192.168.1.1/tcp/1', '/ip4/172.16.0.1/tcp/1', '/ip6/::1/tcp/1', '/ip6/fd00::1/tcp/1', '/ip6/fe80::1/tcp/1', '/dns4/hospital.example/tcp/443/wss'])(
    'has no group for %s',
    (address) => expect(addressGroup(address)).toBeUndefined(),
  );
});
