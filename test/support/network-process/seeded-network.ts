import { systemClock } from '@carecord/core';
import { TestAuthority, TestIdentity } from '../../../libs/testkit/src/network-identities.ts';
import { nodeIdOf, sharedBits } from '../../../libs/network/src/routing/node-id.ts';
import { BUCKET_SIZE } from '../../../libs/network/src/routing/routing-table.ts';
import { until } from '../until.ts';
import type { CommandAnswer, CommandName, CommandRequest, PlannedMember } from './commands.ts';
import { ProcessOfHosts } from './process-of-hosts.ts';

/** How long members may take to find each other. */
const JOIN_MILLISECONDS = 240_000;
/** Orders to this many hosts at once: they share two cores. */
const ORDERS_AT_ONCE = 4;

/** Where one group of hosts runs. */
export interface HostGroup {
  readonly hosts: number;
  /** The command that runs the process, e.g. in a network namespace. @default none */
  readonly inside?: readonly string[];
  /** Where each of them listens. @default a free port of 127.0.0.1 */
  readonly listen?: string;
}

/** What a network is made from. */
export interface SeededNetworkOptions {
  /** Decides all DIDs, so all places in the key space. */
  readonly seed: string;
  /** A process each. */
  readonly groups: readonly HostGroup[];
  /** @default 5 */
  readonly replication?: number;
  /** Where the next host listens, and where it tells others that it can be dialled. @default as its group says */
  readonly place?: () => Promise<Pick<PlannedMember, 'announce' | 'listen'>>;
}

/** A member of it, wherever it runs. */
export interface SeededMember {
  readonly name: string;
  readonly did: string;
  readonly group: number;
  readonly addresses: readonly string[];
}

/**
 * Members with real sockets in a few processes, all known to each other. The same seed gives the same DIDs: who keeps which value, and so
 * what is lost when some of them die, is the same in every run.
 */
export class SeededNetwork {
  private readonly gone = new Set<number>();

  private constructor(
    private readonly processes: readonly ProcessOfHosts[],
    readonly members: readonly SeededMember[],
  ) {}

  static async start({ seed, groups, place, replication = 5 }: SeededNetworkOptions): Promise<SeededNetwork> {
    const authority = new TestAuthority(await TestIdentity.seeded('authority', seed, systemClock), systemClock);
    const identities = new Map<TestIdentity, number>();
    for (const [group, { hosts }] of groups.entries()) {
      for (let at = 0; at < hosts; at += 1) identities.set(await TestIdentity.seeded(`h${identities.size + 1}`, seed, systemClock), group);
    }
    const credentials = new Map<TestIdentity, PlannedMember['credentials'][number]>();
    for (const identity of identities.keys()) credentials.set(identity, await authority.admit(identity));
    const statusLists = [await authority.statusList()];
    const processes = groups.map(({ inside }) => ProcessOfHosts.start(inside));
    try {
      const members: SeededMember[] = [];
      for (const [identity, group] of identities) {
        const bootstrap = members.slice(0, 1).flatMap(({ addresses }) => addresses);
        const where = (await place?.()) ?? { listen: [groups[group]?.listen ?? '/ip4/127.0.0.1/tcp/0'] };
        const member = { identity: identity.saved(), credentials: [credentials.get(identity) as never], ...where, bootstrap };
        const addresses = await processes[group]?.order('start', { authorities: [authority.identity.saved()], statusLists, member, replication });
        members.push({ name: identity.name, did: identity.did, group, addresses: addresses ?? [] });
      }
      const network = new SeededNetwork(processes, members);
      await network.introduce();
      return network;
    } catch (error) {
      await Promise.all(processes.map((process) => process.kill()));
      throw error;
    }
  }

  /** Those whose process runs. */
  get living(): readonly SeededMember[] {
    return this.members.filter(({ group }) => !this.gone.has(group));
  }

  /** Has one host do something. */
  order<Name extends CommandName>({ name, group }: SeededMember, command: Name, request: Omit<CommandRequest<Name>, 'name'>): Promise<CommandAnswer<Name>> {
    return this.process(group).order(command, { ...request, name } as never);
  }

  /** Has many hosts do the same, a few at a time; the answers in their order. */
  async orderAll<Name extends CommandName>(members: readonly SeededMember[], command: Name, request: (member: SeededMember, at: number) => Omit<CommandRequest<Name>, 'name'>): Promise<CommandAnswer<Name>[]> {
    const answers: CommandAnswer<Name>[] = [];
    const todo = [...members.entries()];
    const worker = async (): Promise<void> => {
      for (let next = todo.shift(); next !== undefined; next = todo.shift()) answers[next[0]] = await this.order(next[1], command, request(next[1], next[0]));
    };
    await Promise.all(Array.from({ length: ORDERS_AT_ONCE }, worker));
    return answers;
  }

  /** Puts the clocks of all living processes forward. */
  async skip(milliseconds: number): Promise<void> {
    await Promise.all(this.processes.filter((_, group) => !this.gone.has(group)).map((process) => process.order('skip', { milliseconds })));
  }

  /** Kills the processes of these groups at once, with all their hosts. */
  async kill(groups: readonly number[]): Promise<void> {
    for (const group of groups) this.gone.add(group);
    await Promise.all(this.processes.filter((_, group) => groups.includes(group)).map((process) => process.kill()));
  }

  /** Their hosts do nothing any more, but their sockets stay open. */
  freeze(groups: readonly number[]): void {
    for (const group of groups) {
      this.gone.add(group);
      this.processes[group]?.freeze();
    }
  }

  /** The test is over: nothing is kept, so nobody says goodbye. */
  async end(): Promise<void> {
    await Promise.all(this.processes.map((process) => process.kill()));
  }

  private process(group: number): ProcessOfHosts {
    const process = this.processes[group];
    if (process === undefined || this.gone.has(group)) throw new Error(`Group ${group} does not run.`);
    return process;
  }

  /** Everybody has dialled the first one, by its bootstrap address. From there members find each other in time; a test has none, so each dials all, and waits until tables are as full as they get. */
  private async introduce(): Promise<void> {
    for (const [at, member] of this.members.entries()) {
      for (const { addresses } of this.members.slice(0, at)) await this.order(member, 'connect', { addresses: addresses.slice(0, 1) });
    }
    const wanted = this.members.map((member) => tableSizeOf(member, this.members));
    const tables = async (): Promise<number[]> => (await this.orderAll(this.members, 'neighbours', () => ({}))).map(({ routingTable }) => routingTable);
    await until('routing tables with everybody for whom they have room', tables, (sizes) => sizes.every((size, at) => size >= (wanted[at] ?? 0)), JOIN_MILLISECONDS);
  }
}

/** How many of the others a routing table has room for: a bucket for each number of leading bits that node ids share, of twenty members. */
function tableSizeOf({ did }: SeededMember, members: readonly SeededMember[]): number {
  const buckets = new Map<number, number>();
  for (const other of members) {
    if (other.did === did) continue;
    const bits = sharedBits(nodeIdOf(did), nodeIdOf(other.did));
    buckets.set(bits, (buckets.get(bits) ?? 0) + 1);
  }
  return [...buckets.values()].reduce((sum, count) => sum + Math.min(count, BUCKET_SIZE), 0);
}
