import { AuditLog } from '@carecord/audit';
import { silentLogger } from '@carecord/core';
import type { Logger } from '@carecord/core';
import { randomKey } from '@carecord/crypto';
import type { HybridSigner } from '@carecord/crypto';
import type { LocalIdentity, MemberRole } from '@carecord/identity';
import { Guardians } from '@carecord/locator';
import type { GuardianLimits, GuardianPlan } from '@carecord/locator';
import { NetworkError } from '@carecord/network';
import type { Member, MessageProtocol, NetworkHost } from '@carecord/network';
import type { z } from 'zod';
import { MemoryNetwork } from './locator-fixture.ts';
import { MemoryAuditStore } from './memory/audit-store.ts';
import { MemoryGuardianStore } from './memory/guardian-store.ts';
import { MemoryTransactions } from './memory/transactions.ts';

type AnyMessage = Readonly<Record<string, unknown>>;
/** Changes what a member answers to another one; may throw. */
export type Tampering = (answer: AnyMessage, request: AnyMessage, asker: string) => AnyMessage | Promise<AnyMessage>;

/** More runs than any key takes: a test that needs more is stuck. */
const MAX_RUNS = 12;

/** A member with its part in the guardians. */
export interface GuardianMember {
  readonly did: string;
  readonly identity: LocalIdentity;
  readonly signer: HybridSigner;
  readonly host: NetworkHost;
  readonly store: MemoryGuardianStore;
  readonly transactions: MemoryTransactions;
  readonly audit: AuditLog;
  readonly sealingKey: Uint8Array;
  /** Events that it logged as warnings or errors, with their fields. */
  readonly log: { readonly event: string; readonly fields: Readonly<Record<string, unknown>> }[];
  guardians: Guardians;
  /** How many patients it says to have admitted. */
  admitted: number;
  /** The same database, another process. */
  restart(): void;
}

/** Members of whom some are guardians, over a network in memory. */
export class GuardianNetwork {
  readonly network = new MemoryNetwork();
  readonly members: GuardianMember[] = [];
  private readonly tamperings = new Map<string, Tampering>();
  private described: GuardianPlan = { sequence: 1, guardians: { members: [], threshold: 1 }, epoch: 1 };

  constructor(private readonly limits: Partial<GuardianLimits> = {}) {}

  /** Adds a member. */
  join(name: string, roles: MemberRole[] = ['hospital']): GuardianMember {
    const { host, identity, signer } = this.network.join(name, roles);
    const audit = new AuditLog(new MemoryAuditStore(), this.network.clock);
    const log: GuardianMember['log'] = [];
    const note = (event: string, fields: Readonly<Record<string, unknown>> = {}): void => void log.push({ event, fields });
    const kept = { store: new MemoryGuardianStore(), transactions: new MemoryTransactions(), sealingKey: randomKey(), audit };
    const logger: Logger = { ...silentLogger, warn: note, error: note };
    const make = (): Guardians => {
      const made = new Guardians({
        ...kept,
        network: this.tampered(host),
        identity,
        isHospital: roles.includes('hospital'),
        plan: () => this.described,
        admissions: () => Promise.resolve({ admitted: member.admitted, audit: { sequence: member.admitted, hash: 'ab'.repeat(32) } }),
        clock: this.network.clock,
        logger,
        limits: this.limits,
      });
      made.start();
      return made;
    };
    const member: GuardianMember = { did: identity.did, identity, signer, host, log, ...kept, admitted: 0, guardians: undefined as never, restart: () => void (member.guardians = make()) };
    member.restart();
    this.members.push(member);
    return member;
  }

  /** Adds members `g1`, `g2`, …, and appoints them. */
  async found(count: number, threshold: number): Promise<GuardianMember[]> {
    const members = Array.from({ length: count }, (_, at) => this.join(`g${at + 1}`));
    this.appoint(members, threshold);
    await this.settle();
    return members;
  }

  get plan(): GuardianPlan {
    return this.described;
  }

  /** What the authorities say from now on. */
  appoint(members: readonly GuardianMember[], threshold: number, { epoch = this.described.epoch }: { readonly epoch?: number } = {}): void {
    const former = this.described.guardians;
    this.described = {
      sequence: this.described.sequence + 1,
      guardians: { members: members.map(({ did }) => did), threshold },
      ...(former.members.length === 0 ? {} : { formerGuardians: former }),
      epoch,
    };
  }

  /** Has members follow this plan from now on, whatever was described before. */
  follow(plan: GuardianPlan): void {
    this.described = plan;
  }

  /** Every member does what is due, once. */
  async run(): Promise<void> {
    for (const { guardians, did } of this.members) if (!this.network.unreachable.has(did)) await guardians.run();
  }

  /** Runs until the guardians who can be reached know the key of the plan; pauses after failed attempts are passed over. */
  async settle(): Promise<void> {
    for (let run = 0; run < MAX_RUNS; run += 1) {
      await this.run();
      if (await this.isSettled()) return;
      this.network.clock.advance(5_000);
    }
    throw new Error('The guardians have not come to a key.');
  }

  /** Whether all who can be reached have the key of the present plan. */
  async isSettled(): Promise<boolean> {
    const { guardians, epoch } = this.described;
    const reached = this.members.filter(({ did }) => guardians.members.includes(did) && !this.network.unreachable.has(did));
    const names = await Promise.all(reached.map(async ({ store }) => ({ keys: await store.keys(), shares: await store.shares(), ceremonies: await store.ceremonies() })));
    return names.every(({ keys, shares, ceremonies }) => keys.some((key) => key.epoch === epoch) && keys.every((key) => shares.some((share) => share.epoch === key.epoch && share.version === key.version)) && ceremonies.length === 0);
  }

  /** From now on a member answers a protocol otherwise. */
  tamper(member: GuardianMember, protocol: Pick<MessageProtocol<z.ZodType, z.ZodType>, 'name'>, tampering: Tampering | undefined): void {
    const key = `${member.did} ${protocol.name}`;
    if (tampering === undefined) this.tamperings.delete(key);
    else this.tamperings.set(key, tampering);
  }

  /** A host whose answers can be tampered with. */
  private tampered(host: NetworkHost): NetworkHost {
    return {
      ...host,
      handle: (protocol, handler) => {
        host.handle(protocol, async (request, from: Member) => {
          const answer = await handler(request, from);
          const tampering = this.tamperings.get(`${host.did} ${protocol.name}`);
          if (tampering === undefined) return answer;
          return (await tampering(answer as AnyMessage, request as AnyMessage, from.did)) as typeof answer;
        });
      },
      request: async (protocol, did, request, options) => {
        if (this.network.unreachable.has(host.did)) throw new NetworkError('UNREACHABLE', 'We are off.');
        return await host.request(protocol, did, request, options);
      },
    };
  }
}
