import { it } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import { admitForTest, makeTestIdentity, makeTestNetwork, makeTestNode } from '../../../testkit/src/network-fixture.ts';
it('x', async () => {
  const logger = { ...silentLogger, warn: (e: string, f?: object, c?: unknown) => console.log(e, f, c), info: (e: string, f?: object) => console.log(e, f) };
  const t0 = Date.now();
  const network = await makeTestNetwork({ hospitals: 2, logger });
  const [a, b] = network.hospitals as any;
  const keys = await makeTestIdentity('long');
  console.log('one', keys.resolved.log.length);
  for (let i = 0; i < 20 && keys.resolved.log.length < 65536; i++) { await keys.rotate(); console.log(i, keys.resolved.log.length, Date.now() - t0); }
  const long = await makeTestNode(keys, await admitForTest(keys, network.authorities), network.authorities, { logger });
  await long.host.start();
  console.log(await long.host.connect(b.host.addresses()[0]).then((m) => m.did, (e) => e.cause ?? e), Date.now() - t0);
  console.log((await b.host.knownMember(keys.did))?.name, Date.now() - t0, long.host.routingTableSize());
  await long.host.stop(); await network.stop();
}, 20000);
