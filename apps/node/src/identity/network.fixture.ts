import { silentLogger } from '@carecord/core';
import type { Clock, Rate } from '@carecord/core';
import { DidHistories, MEMBER_POLICY, StatusBook } from '@carecord/identity';
import type { DidPolicy, NetworkFile, WitnessRule } from '@carecord/identity';
import { AuthorityNode, NETWORK_ID } from '../authority/authority.fixture.ts';
import { AdmissionTickets } from '../config/admission-tickets.ts';
import { AuthorityClient } from './authority-client.ts';
import { AuthorityTrust } from './authority-trust.ts';
import { Home, startReplica } from './identity.fixture.ts';
import type { Replica } from './identity.fixture.ts';
import { HospitalMembership } from './membership.ts';
import { impatient, TestHttp } from './test-http.fixture.ts';

/** How a test's network differs from the usual one: one authority, which is needed, and witnesses. */
export interface NetworkOptions {
  readonly authorities?: number;
  readonly threshold?: number;
  readonly witnessThreshold?: number;
  readonly rate?: Rate;
}

/** Authorities that answer over HTTP, and hospitals that know them. */
export class TestNetwork {
  readonly http: TestHttp;

  private constructor(
    readonly file: NetworkFile,
    readonly authorities: readonly AuthorityNode[],
    private readonly clock: Clock,
  ) {
    this.http = new TestHttp(clock);
  }

  static async start(clock: Clock, options: NetworkOptions = {}): Promise<TestNetwork> {
    const { authorities: count = 1, threshold = 1, witnessThreshold = threshold, rate } = options;
    const authorities = await Promise.all(Array.from({ length: count }, (_, at) => AuthorityNode.make(clock, `authority-${at + 1}.example`)));
    const urls = await Promise.all(authorities.map((authority) => authority.listen(rate)));
    const listed = authorities.map(({ did, witness }, at) => ({ did, url: urls[at] ?? '', witness }));
    const guardian = listed[0]?.did ?? '';
    const file: NetworkFile = { version: 2, sequence: 1, networkId: NETWORK_ID, threshold, authorities: listed, guardians: { members: [guardian], threshold: 1 }, epoch: 1, statusMaxAgeHours: 24, witnessThreshold };
    for (const authority of authorities) {
      await authority.found(file);
      await authority.statusLists.issue();
    }
    return new TestNetwork(file, authorities, clock);
  }

  /** The address of an authority. */
  url(at: number): string {
    return this.file.authorities[at]?.url ?? '';
  }

  authority(at: number): AuthorityNode {
    const authority = this.authorities[at];
    if (authority === undefined) throw new Error('There is no such authority.');
    return authority;
  }

  /** From now on these authorities do not answer, and all others do. */
  cut(...ats: readonly number[]): void {
    this.http.cut.clear();
    for (const at of ats) this.http.cut.add(this.url(at));
  }

  async stop(): Promise<void> {
    await Promise.all(this.authorities.map((authority) => authority.close()));
  }

  /** Starts a hospital as far as it can come without being a member. */
  async hospital(options: { readonly home?: Home; readonly domain?: string; readonly name?: string; readonly tickets?: AdmissionTickets; readonly file?: NetworkFile } = {}): Promise<TestHospital> {
    const { home = new Home(), domain = 'a.hospital.example', name = 'Hospital A', tickets = AdmissionTickets.none, file = this.file } = options;
    const { clock } = this;
    const witness = ruleOf(file);
    const replica = await startReplica(home, { clock, domain, networkId: file.networkId, witness });
    const clients = new Map(file.authorities.map(({ did, url }) => [did, new AuthorityClient(url, this.http, impatient(clock))]));
    const policy = (did: string): DidPolicy => (witness === undefined || clients.has(did) ? MEMBER_POLICY : { ...MEMBER_POLICY, witnesses: witness });
    const histories = new DidHistories({ store: home.didHistories, clock, policy });
    const trust = new AuthorityTrust(file, histories, clients, silentLogger);
    const statuses = new StatusBook({ trust, store: home.lists, clock });
    await trust.fetch();
    const { settings, transactions } = home;
    const { identity } = replica;
    const membership = new HospitalMembership({ identity, name, trust, statuses, clients, tickets, settings, transactions, clock, logger: silentLogger });
    return { home, replica, clients, histories, trust, statuses, membership };
  }
}

/** A hospital of a {@link TestNetwork}. */
export interface TestHospital {
  readonly home: Home;
  readonly replica: Replica;
  readonly clients: ReadonlyMap<string, AuthorityClient>;
  readonly histories: DidHistories;
  readonly trust: AuthorityTrust;
  readonly statuses: StatusBook;
  readonly membership: HospitalMembership;
}

/** Who witnesses the DIDs of hospitals. */
export function ruleOf({ authorities, witnessThreshold }: NetworkFile): WitnessRule | undefined {
  return witnessThreshold === 0 ? undefined : { threshold: witnessThreshold, witnesses: authorities.map(({ witness }) => witness) };
}
