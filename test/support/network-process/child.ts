import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';
import { silentLogger } from '@carecord/core';
import { type NetworkHost } from '@carecord/network';
import type { z } from 'zod';
import { makeTestNode, TEST_NETWORK_ID, type TestNode } from '../../../libs/testkit/src/network-fixture.ts';
import { TestAuthority, TestIdentity } from '../../../libs/testkit/src/network-identities.ts';
import { lookUp } from '../look-up.ts';
import { type CommandAnswer, type CommandName, type CommandRequest, commands, orderSchema, type PlannedMember, type Report } from './commands.ts';
import { makeNote, noteKind } from './note.ts';
import { SkippingClock } from './skipping-clock.ts';

// A process with some of a network's hosts, at the command of a test. An unhandled rejection ends it, as it would end a node.

const CONNECT_ATTEMPTS = 8;
/** Longer after each failed attempt: those that are joining keep each other busy. */
const CONNECT_PAUSE_MILLISECONDS = 1_000;

const clock = new SkippingClock();
const nodes = new Map<string, TestNode>();

type Handlers = { readonly [Name in CommandName]: (request: CommandRequest<Name>) => Promise<CommandAnswer<Name>> };

const handlers: Handlers = {
  start: async ({ authorities, statusLists, member, replication }) => {
    const trusted = await Promise.all(authorities.map(async (saved) => new TestAuthority(await TestIdentity.restore(saved, clock), clock)));
    const node = await makeNode(member, trusted, statusLists, replication);
    await node.host.start();
    nodes.set(node.name, node);
    return node.host.addresses();
  },
  connect: async ({ name, addresses }) => {
    for (const address of addresses) await connectPatiently(host(name), address);
    return null;
  },
  publish: ({ name, texts, expiresAt }) => host(name).publish(texts.map((text) => makeNote(text, new Date(expiresAt)))),
  read: async ({ name, keys }) => {
    const found = await host(name).readAll(keys.map((key) => ({ kind: noteKind, key })));
    return found.map(({ values, complete }) => ({ value: values[0]?.value ?? null, complete }));
  },
  holds: async ({ name, keys }) => {
    const held = await node(name).values.read(keys.map((key) => ({ namespace: noteKind.namespace, key })), clock.now());
    const ids = new Set(held.map(({ key }) => Buffer.from(key).toString('hex')));
    return keys.map((key) => ids.has(Buffer.from(key).toString('hex')));
  },
  lookup: async ({ name, target }) => {
    const { contacts, complete } = await lookUp(host(name), target);
    return { found: contacts.length, complete };
  },
  repair: ({ name }) => host(name).repair(),
  neighbours: ({ name }) =>
    Promise.resolve({ connected: [...new Set(host(name).members().map(({ did }) => did))], routingTable: host(name).routingTableSize() }),
  statistics: async ({ name }) => {
    const { messages, dropped, replication } = await host(name).statistics();
    const sent = messages.filter(({ direction }) => direction === 'sent');
    const sum = (of: (message: (typeof sent)[number]) => number): number => sent.reduce((total, message) => total + of(message), 0);
    return { sent: sum(({ count }) => count), sentBytes: sum(({ bytes }) => bytes), dropped: dropped.map(({ reason, count }) => ({ reason, count })), underReplicated: replication.underReplicated };
  },
  skip: ({ milliseconds }) => {
    clock.skip(milliseconds);
    return Promise.resolve(null);
  },
  stop: async ({ name }) => {
    await host(name).stop();
    nodes.delete(name);
    return null;
  },
};

async function makeNode({ identity, credentials, listen, announce, bootstrap }: PlannedMember, authorities: readonly TestAuthority[], statusLists: PlannedMember['credentials'], replication: number): Promise<TestNode> {
  const keys = await TestIdentity.restore(identity, clock);
  const local = { networkId: TEST_NETWORK_ID, resolved: keys.resolved, signer: keys.signer, credentials, statusLists };
  return makeTestNode(keys, local, authorities, { clock, logger: silentLogger, valueKinds: [noteKind], listen, bootstrap, replication, ...(announce && { announce: { addresses: announce, onlyThese: true } }) });
}

/** Many handshakes at once on a busy machine: one that took too long is tried again. */
async function connectPatiently(from: NetworkHost, address: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await from.connect(address);
      return;
    } catch (error) {
      if (attempt >= CONNECT_ATTEMPTS) throw error;
      await pause(attempt * CONNECT_PAUSE_MILLISECONDS);
    }
  }
}

function node(name: string): TestNode {
  const found = nodes.get(name);
  if (found === undefined) throw new Error(`There is no host "${name}" in this process.`);
  return found;
}

function host(name: string): NetworkHost {
  return node(name).host;
}

async function execute<Name extends CommandName>(command: Name, request: unknown): Promise<CommandAnswer<Name>> {
  const { request: schema } = commands[command];
  return handlers[command]((schema as z.ZodType).parse(request) as CommandRequest<Name>);
}

function report(message: Report): void {
  // Without a channel the test has gone, and so does the process.
  if (process.connected) process.send?.(message);
}

process.on('message', (message) => {
  const { id, command, request } = orderSchema.parse(message);
  execute(command, request).then(
    (answer) => report({ id, ok: true, answer }),
    (error: unknown) => report({ id, ok: false, error: inspect(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
