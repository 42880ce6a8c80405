import { randomBytes } from 'node:crypto';
import type { TestNetwork, TestNode } from '../../../libs/testkit/src/network-fixture.ts';
import { lookUp } from '../../support/look-up.ts';
import { makeNote, noteKind } from '../../support/network-process/note.ts';
import { sentBy, startHosts } from './hosts.ts';
import { measureOperations, printOperations } from './operations.ts';
import type { Operations } from './operations.ts';
import type { NetworkBenchOptions } from './options.ts';
import { PlainKademlia } from './plain-kademlia.ts';

const SIZES = [8, 32];
const FULL_SIZES = [8, 32, 128];
/** Of each kind; each by another host than the one before. */
const OPERATIONS = 20;
const WARM_UP = 10;
/** The next operation is not made by a neighbour of the last. */
const STRIDE = 5;
const DAY_MILLISECONDS = 24 * 60 * 60 * 1000;

interface Measured {
  readonly lookup: Operations;
  readonly put: Operations;
  readonly get: Operations;
}

/** What one of the two networks can do. */
interface Subject {
  readonly lookUp: (at: number) => Promise<unknown>;
  readonly put: (at: number) => Promise<unknown>;
  readonly get: (at: number) => Promise<unknown>;
  /** Questions sent so far. */
  readonly sent: () => Promise<number>;
}

/** Lookups, publishing and retrieving one value, at several sizes, beside kad-dht with as many nodes; all hosts in this process. */
export async function measureLookups(options: NetworkBenchOptions): Promise<void> {
  for (const size of options.full ? FULL_SIZES : SIZES) {
    const plain = await measurePlain(size);
    const ours = await measureOurs(size);
    const beside = (operations: Operations): { name: string; operations: Operations } => ({ name: 'plain kad-dht', operations });
    printOperations(options, `${size} nodes, lookup of a random place`, ours.lookup, beside(plain.lookup));
    printOperations(options, `${size} nodes, publishing one value`, ours.put, beside(plain.put));
    printOperations(options, `${size} nodes, retrieval of one value`, ours.get, beside(plain.get));
  }
}

async function measurePlain(size: number): Promise<Measured> {
  const network = await PlainKademlia.start(size);
  try {
    const value = randomBytes(64);
    return await measure({
      lookUp: (at) => network.lookUp(at * STRIDE, randomBytes(32)),
      put: (at) => network.put(at * STRIDE, `value ${at}`, value),
      get: (at) => network.get(at * STRIDE + 1, `value ${at}`, value),
      sent: () => network.sent(),
    });
  } finally {
    await network.stop();
  }
}

async function measureOurs(size: number): Promise<Measured> {
  const network = await startHosts(size);
  const hosts = network.hospitals.map(({ host }) => host);
  const expiresAt = new Date(Date.now() + DAY_MILLISECONDS);
  const note = (at: number): ReturnType<typeof makeNote> => makeNote(`value ${at}`, expiresAt);
  try {
    return await measure({
      lookUp: (at) => lookUp(member(network, at).host, randomBytes(32)),
      put: (at) => {
        const { key, value } = note(at);
        return member(network, at).host.put(noteKind, key, value);
      },
      get: async (at) => {
        if ((await member(network, at, 1).host.get(noteKind, note(at).key)) === undefined) throw new Error('A value was not found.');
      },
      sent: async () => (await sentBy(hosts)).messages,
    });
  } finally {
    await network.stop();
  }
}

async function measure({ lookUp: look, put, get, sent }: Subject): Promise<Measured> {
  await measureOperations(WARM_UP, look, sent);
  const lookup = await measureOperations(OPERATIONS, look, sent);
  await measureOperations(WARM_UP, (at) => put(OPERATIONS + at), sent);
  const putting = await measureOperations(OPERATIONS, put, sent);
  await measureOperations(WARM_UP, (at) => get(OPERATIONS + at), sent);
  return { lookup, put: putting, get: await measureOperations(OPERATIONS, get, sent) };
}

function member({ hospitals }: TestNetwork, at: number, beside = 0): TestNode {
  return hospitals[(at * STRIDE + beside) % hospitals.length] as TestNode;
}
