import { describe, expect, it } from '@jest/globals';
import { makeTestNetwork } from '../../../testkit/src/network-fixture.ts';
import type { TestNode } from '../../../testkit/src/network-fixture.ts';
import { advertKey, ADVERT } from '../values/advert.ts';

describe('a host that reaches nobody', () => {
  it.each([
    ['does not take its own part of the DHT for all of it, where it is to know others', ['/ip4/127.0.0.1/tcp/9'], false],
    ['has seen everything, where it is the first of its network', [], true],
  ])('%s', async (_what, bootstrap, complete) => {
    const network = await makeTestNetwork({ hospitals: 1, perNode: () => ({ bootstrap }) });
    const [{ host }] = network.hospitals as [TestNode];
    const place = { kind: ADVERT, key: advertKey('did:webvh:x:nobody.example') };
    expect(await host.getAll(place.kind, place.key)).toEqual({ values: [], complete });
    expect(await host.readAll([place, place])).toEqual([{ values: [], complete }, { values: [], complete }]);
    await network.stop();
  });
});
