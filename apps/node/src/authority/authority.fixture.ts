import type { AuditEvent } from '@carecord/audit';
import { AuditLog } from '@carecord/audit';
import { RateLimiter, silentLogger } from '@carecord/core';
import type { Clock, Rate } from '@carecord/core';
import { ed25519PublicKey, randomKey } from '@carecord/crypto';
import type { GeneralJws } from '@carecord/crypto';
import { didKeyOf, issueNetworkDescription, StatusBook } from '@carecord/identity';
import type { DidService, NetworkFile } from '@carecord/identity';
import { MemoryAuditStore, MemoryMembershipStore, MemoryStatusListStore, MemoryTicketStore } from '@carecord/testkit';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { pino } from 'pino';
import { httpModule } from '../composition/http-module.ts';
import { ADMISSION_LIMITER } from '../composition/tokens.ts';
import { DidController } from '../did/did-controller.ts';
import { PublishedDid } from '../did/published-did.ts';
import { Readiness } from '../health/readiness.ts';
import { createApplication } from '../http/application.ts';
import { MAX_AUTHORITY_BODY_BYTES } from '../http/limits.ts';
import { listen } from '../http/listen.ts';
import { Home, startReplica } from '../identity/identity.fixture.ts';
import type { Replica } from '../identity/identity.fixture.ts';
import type { StaffPrincipal } from '../sessions/staff-principal.ts';
import { AuthorityController } from './authority-controller.ts';
import { CredentialIssuer } from './credential-issuer.ts';
import { MembershipOffice } from './membership-office.ts';
import { PublishedNetwork } from './published-network.ts';
import { StatusListIssuer } from './status-list-issuer.ts';
import { WitnessOffice } from './witness-office.ts';

/** The network that these authorities make. */
export const NETWORK_ID = 'carecord-test';
const DAY_MILLISECONDS = 24 * 60 * 60_000;
const GENEROUS: Rate = { burst: 1_000, perSecond: 0 };
/** Who decides in tests. */
export const REGISTRAR: StaffPrincipal = { staffId: '9f0b2a51-9c1c-4dd8-8f5e-6fd1a1c7b0aa', username: 'registrar', role: 'registrar' };

/** What an authority's DID document says of it. */
type ServicesOf = (witness: string) => readonly DidService[];

/** An authority with everything in memory; {@link AuthorityNode.listen} opens its HTTP side. */
export class AuthorityNode {
  readonly memberships = new MemoryMembershipStore();
  readonly tickets: MemoryTicketStore;
  readonly audit = new MemoryAuditStore();
  readonly statuses: StatusBook;
  readonly statusLists: StatusListIssuer;
  readonly witnesses: WitnessOffice;
  readonly issuer: CredentialIssuer;
  readonly office: MembershipOffice;
  /** Lists that it announced. */
  readonly announced: GeneralJws[] = [];
  /** libp2p addresses that it tells. */
  addresses = ['/ip4/127.0.0.1/tcp/4001/p2p/one'];
  private readonly authorities: string[];
  private readonly fellows: string[] = [];
  private application: NestExpressApplication | undefined;
  private description: GeneralJws | undefined;

  private constructor(
    readonly home: Home,
    readonly replica: Replica,
    readonly witnessSeed: Uint8Array,
    private readonly clock: Clock,
  ) {
    const { memberships } = this;
    const { identity } = replica;
    const { transactions } = home;
    const logger = silentLogger;
    const statusListUrl = `https://${this.domain}/status-list`;
    const trust = { networkId: NETWORK_ID, threshold: 1, statusMaxAgeMilliseconds: DAY_MILLISECONDS, authorities: () => [identity.signing().resolved] };
    this.authorities = [identity.did];
    this.tickets = new MemoryTicketStore(transactions);
    this.statuses = new StatusBook({ trust, store: new MemoryStatusListStore(), clock });
    const announce = () => (list: GeneralJws) => Promise.resolve(this.announced.push(list));
    this.statusLists = new StatusListIssuer({ identity, memberships, transactions, statuses: this.statuses, statusListUrl, validForMilliseconds: DAY_MILLISECONDS, announce, clock, logger });
    this.witnesses = new WitnessOffice({ witnessSeed: () => witnessSeed, memberships, transactions, clock });
    this.issuer = new CredentialIssuer({ identity, statusListUrl, authorities: this.authorities, clock });
    this.office = new MembershipOffice({
      did: identity.did,
      fellowAuthorities: this.fellows,
      memberships,
      tickets: this.tickets,
      transactions,
      audit: new AuditLog(this.audit, clock),
      clock,
      onDecided: () => this.statusLists.issue(),
    });
  }

  static async make(clock: Clock, domain = 'authority.example', servicesOf: ServicesOf = () => []): Promise<AuthorityNode> {
    const home = new Home();
    const witnessSeed = randomKey();
    const services = (): readonly DidService[] => servicesOf(didKeyOf(ed25519PublicKey(witnessSeed)));
    return new AuthorityNode(home, await startReplica(home, { clock, domain, networkId: NETWORK_ID, services }), witnessSeed, clock);
  }

  get did(): string {
    return this.replica.identity.did;
  }

  get domain(): string {
    return this.did.split(':')[3] ?? '';
  }

  /** The did:key with which it witnesses. */
  get witness(): string {
    return didKeyOf(ed25519PublicKey(this.witnessSeed));
  }

  /** Knows the network, with the other authorities, from now on. */
  async found(file: NetworkFile): Promise<void> {
    const { resolved: issuer, signer } = this.replica.identity.signing();
    const { version: _version, ...description } = file;
    this.description = await issueNetworkDescription({ issuer, signer, description });
    this.fellows.push(...file.authorities.map(({ did }) => did).filter((did) => did !== this.did));
    this.authorities.push(...this.fellows);
  }

  /** Everything in its audit log, oldest first. */
  events(): Promise<AuditEvent[]> {
    return this.audit.scan(0, 1_000);
  }

  /** @returns the address of its HTTP side */
  async listen(rate: Rate = GENEROUS): Promise<string> {
    const logger = silentLogger;
    const nobody = { authenticate: () => Promise.reject(new Error('nobody')), isSteppedUp: () => false, noteRefusal: () => Promise.resolve() };
    const module = httpModule({ authenticator: nobody, readiness: new Readiness([], logger), logger, pino: pino({ level: 'silent' }) }, {
      imports: [],
      controllers: [AuthorityController, DidController],
      providers: [
        { provide: MembershipOffice, useValue: this.office },
        { provide: CredentialIssuer, useValue: this.issuer },
        { provide: WitnessOffice, useValue: this.witnesses },
        { provide: StatusListIssuer, useValue: this.statusLists },
        { provide: PublishedNetwork, useValue: new PublishedNetwork(() => this.signedDescription(), () => this.addresses) },
        { provide: PublishedDid, useValue: new PublishedDid(() => this.replica.identity.signing().resolved) },
        { provide: ADMISSION_LIMITER, useValue: new RateLimiter(rate, this.clock) },
      ],
    });
    this.application = await createApplication(module, { logger, maxBodyBytes: MAX_AUTHORITY_BODY_BYTES });
    return await listen(this.application, { host: '127.0.0.1', port: 0, anotherIfBusy: false, logger });
  }

  async close(): Promise<void> {
    await this.application?.close();
  }

  private signedDescription(): GeneralJws {
    if (this.description === undefined) throw new Error('The authority does not know its network yet.');
    return this.description;
  }
}
