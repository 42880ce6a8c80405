import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { admitForTest, makeTestAuthority, makeTestIdentity, makeTestNode, waitUntil } from '../../../testkit/src/network-fixture.ts';
import type { TestAuthority, TestNode, TestNodeOptions } from '../../../testkit/src/network-fixture.ts';
import type { MessageProtocol } from '../ports.ts';

const textSchema = z.strictObject({ text: z.string() });
const ECHO: MessageProtocol<typeof textSchema, typeof textSchema> = {
  name: '/carecord/test/echo/1',
  request: textSchema,
  response: textSchema,
  maxRequestBytes: 1_024,
  maxResponseBytes: 1_024,
  timeoutMilliseconds: 15_000,
  rate: { burst: 100, perSecond: 100 },
};

describe('hosts behind firewalls', () => {
  let authority: TestAuthority;
  let started: TestNode[] = [];

  async function start(name: string, options: TestNodeOptions = {}): Promise<TestNode> {
    const identity = await makeTestIdentity(name);
    const node = await makeTestNode(identity, await admitForTest(identity, authority), authority, options);
    node.host.handle(ECHO, ({ text }) => Promise.resolve({ text: `${name}: ${text}` }));
    await node.host.start();
    started.push(node);
    return node;
  }

  beforeEach(async () => {
    authority = await makeTestAuthority();
  });
  afterEach(async () => {
    for (const { host } of started) await host.stop();
    started = [];
  });

  it('are found by DID, asked and answered through a relay of a member, until the authority suspends them', async () => {
    const relay = await start('relay', { relayServer: true });
    const [relayAddress = ''] = relay.host.addresses();
    const hidden = await start('hidden', { listen: [], behindFirewall: true, bootstrap: [relayAddress] });
    await waitUntil(() => hidden.host.addresses().length === 1);
    const caller = await start('caller', { listen: [], bootstrap: [relayAddress] });
    await waitUntil(() => caller.host.members().length === 1);
    expect(await caller.host.request(ECHO, hidden.resolved.did, { text: 'hello' })).toEqual({ text: 'hidden: hello' });
    const report = caller.host.peers().find(({ did }) => did === hidden.resolved.did);
    expect(report).toMatchObject({ connected: true, relayed: true, group: 'X25519MLKEM768' });
    expect(report?.address).toContain('/p2p-circuit');
    // Both ways over the one connection.
    expect(await hidden.host.request(ECHO, caller.resolved.did, { text: 'and back' })).toEqual({ text: 'caller: and back' });
    authority.mark(hidden.resolved.did, { suspended: true });
    await relay.host.announceStatus(await authority.statusList());
    await waitUntil(() => [relay, caller].every(({ host }) => host.members().every(({ did }) => did !== hidden.resolved.did)));
    await expect(caller.host.request(ECHO, hidden.resolved.did, { text: 'gone' })).rejects.toMatchObject({ code: 'UNREACHABLE' });
    expect(caller.host.members().map(({ did }) => did)).toEqual([relay.resolved.did]);
  });
});
