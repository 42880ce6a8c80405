import { AuditLog } from '@carecord/audit';
import { decodeWire, encodeWire, silentLogger } from '@carecord/core';
import { generateSigningSeeds, hybridSigner, randomKey } from '@carecord/crypto';
import type { HybridSigner } from '@carecord/crypto';
import { fixedIdentity } from '@carecord/identity';
import type { LocalIdentity, MemberRole, ResolvedDid } from '@carecord/identity';
import { Guardian, guardianKeys, Locator, pointerKind } from '@carecord/locator';
import type { GuardianOptions, LocatedNetwork } from '@carecord/locator';
import { NetworkError, valueRefused } from '@carecord/network';
import type { DhtValueMeta, Member, MessageHandler, MessageProtocol, NetworkHost, Told } from '@carecord/network';
import type { z } from 'zod';
import { ManualClock } from './manual-clock.ts';
import { MemoryAuditStore } from './memory/audit-store.ts';
import { MemoryLocatorStore } from './memory/locator-store.ts';
import { MemoryTransactions } from './memory/transactions.ts';

const NETWORK_ID = 'test-network';

/** A value in the DHT of these tests. */
interface Stored {
  readonly value: Uint8Array;
  readonly meta: DhtValueMeta;
}
type AnyHandler = (request: unknown, from: Member) => Promise<unknown>;

/** The network of these tests: one DHT and the message handlers of all members, in memory, under the rules of the real one. */
export class MemoryNetwork {
  readonly clock = new ManualClock();
  readonly values = new Map<string, Stored>();
  readonly members = new Map<string, Member>();
  readonly handlers = new Map<string, AnyHandler>();
  /** DIDs that cannot be reached. */
  readonly unreachable = new Set<string>();
  /** DIDs of which there is neither a handshake nor an advert. */
  readonly unknown = new Set<string>();
  /** What `get` was asked for, as hex keys. */
  readonly asked: string[] = [];
  /** Called before each `get` and `put`: may throw. */
  disturb: (operation: 'get' | 'put', key: string) => void = () => undefined;
  /** How many of the storers take what is put. */
  stored = 4;

  /** The host of a new member. */
  join(name: string, roles: MemberRole[] = ['hospital']): { host: NetworkHost; identity: LocalIdentity; signer: HybridSigner } {
    const signer = hybridSigner(generateSigningSeeds());
    const did = `did:webvh:Qm${name}:${name}.hospital.example`;
    const resolved: ResolvedDid = {
      did,
      versionId: '1-Qm',
      versionNumber: 1,
      log: '',
      signing: signer.publicKeys,
      signingKeyIds: { ed25519: `${did}#a`, mlDsa65: `${did}#b` },
      acceptedSigning: [signer.publicKeys],
      recipientPublicKey: new Uint8Array(32),
      recipientKeyId: `${did}#c`,
      services: [],
      updatedAt: this.clock.now(),
    };
    const membershipValidUntil = new Date('2027-01-01');
    const membership = { did, name: `Hospital ${name}`, roles, networkId: NETWORK_ID, validUntil: membershipValidUntil, standings: [] };
    this.members.set(did, { did, name: membership.name, roles, peerId: name, resolved, membershipValidUntil, membership });
    const identity = fixedIdentity({ networkId: NETWORK_ID, resolved, signer, credentials: [], statusLists: [] });
    return { host: this.hostOf(did), identity, signer };
  }

  private hostOf(did: string): NetworkHost {
    const done = (): Promise<void> => Promise.resolve();
    const nobody = (): Promise<Told> => Promise.resolve({ told: 0, failed: 0 });
    return {
      peerId: did,
      did,
      addresses: () => [],
      routingTableSize: () => 3,
      members: () => [...this.members.values()],
      connect: () => Promise.reject(new NetworkError('UNREACHABLE', 'There are no addresses in this network.')),
      start: done,
      stop: done,
      announceIdentity: nobody,
      announceStatus: nobody,
      refreshStatusLists: () => Promise.resolve(false),
      findHistory: () => Promise.resolve(undefined),
      memberByDid: (other) => Promise.resolve(this.unreachable.has(other) ? undefined : this.members.get(other)),
      knownMember: (other) => Promise.resolve(this.unknown.has(other) ? undefined : this.members.get(other)),
      handle: <Request extends z.ZodType, Response extends z.ZodType>(
        protocol: MessageProtocol<Request, Response>,
        handler: MessageHandler<Request, Response>,
      ) => {
        this.handlers.set(`${did} ${protocol.name}`, handler as AnyHandler);
      },
      request: (protocol, toDid, request) => this.carry(protocol, did, toDid, request),
      get: (kind, key) => this.get(kind.namespace, hex(key)),
      getAll: async (kind, key) => {
        const value = await this.get(kind.namespace, hex(key));
        return { values: value === undefined ? [] : [value], complete: true };
      },
      put: (kind, key, value) => this.put(kind.namespace, key, value),
    };
  }

  private get(namespace: string, key: string): Promise<Uint8Array | undefined> {
    this.asked.push(key);
    try {
      this.disturb('get', key);
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error('disturbed'));
    }
    const stored = this.values.get(`${namespace}/${key}`);
    return Promise.resolve(stored !== undefined && stored.meta.expiresAt > this.clock.now() ? stored.value : undefined);
  }

  private async put(namespace: string, key: Uint8Array, value: Uint8Array): Promise<{ stored: number }> {
    this.disturb('put', hex(key));
    const meta = await pointerKind.validate(key, value);
    const place = `${namespace}/${hex(key)}`;
    const before = this.values.get(place);
    const stands = before !== undefined && before.meta.expiresAt > this.clock.now();
    if (stands && (before.meta.owner !== meta.owner || before.meta.sequence >= meta.sequence)) throw valueRefused('Refused.');
    this.values.set(place, { value, meta });
    return { stored: this.stored };
  }

  private async carry<Request extends z.ZodType, Response extends z.ZodType>(
    protocol: MessageProtocol<Request, Response>,
    from: string,
    to: string,
    request: z.infer<Request>,
  ): Promise<z.infer<Response>> {
    const handler = this.handlers.get(`${to} ${protocol.name}`);
    if (handler === undefined || this.unreachable.has(to)) throw new NetworkError('UNREACHABLE', 'Not there.');
    try {
      const received = decodeWire(protocol.request, encodeWire(protocol.request, request), protocol.maxRequestBytes);
      const answer = (await handler(received, this.members.get(from) as Member)) as z.infer<Response>;
      return decodeWire(protocol.response, encodeWire(protocol.response, answer), protocol.maxResponseBytes);
    } catch (error) {
      const code = (error as { code?: string }).code ?? '';
      throw new NetworkError('REMOTE_REFUSED', 'Refused.', { remoteCode: protocol.refusalCodes?.includes(code) ? code : 'INTERNAL' });
    }
  }
}

/** One hospital with its locator and everything behind it. */
export interface TestHospital {
  readonly did: string;
  readonly host: NetworkHost;
  readonly signer: HybridSigner;
  readonly locator: Locator;
  readonly store: MemoryLocatorStore;
  readonly audit: AuditLog;
  /** The hospital's locator after a restart, with another network description if wanted. */
  again(description?: LocatedNetwork): Locator;
}

/** A network with a guardian. */
export interface LocatorNetwork {
  readonly network: MemoryNetwork;
  readonly description: LocatedNetwork;
  readonly guardianAudit: AuditLog;
  /** Adds a hospital, or another member. */
  readonly hospital: (name: string, roles?: MemberRole[]) => TestHospital;
}

/** Makes a network with a guardian, to which hospitals are added. */
export function makeLocatorNetwork(rates: Pick<GuardianOptions, 'askingRate' | 'publishingRate'> = {}): LocatorNetwork {
  const network = new MemoryNetwork();
  const { clock } = network;
  const oprfSecret = randomKey();
  const guardian = network.join('authority', ['authority', 'guardian']);
  const guardianAudit = new AuditLog(new MemoryAuditStore(), clock);
  new Guardian({ oprfSecret, network: guardian.host, audit: guardianAudit, transactions: new MemoryTransactions(), clock, ...rates }).start();
  const description: LocatedNetwork = {
    networkId: NETWORK_ID,
    guardian: guardian.identity.did,
    guardianPublicKey: guardianKeys(oprfSecret).publicKey,
    epoch: 1,
  };
  const hospital = (name: string, roles?: MemberRole[]): TestHospital => {
    const { host, identity, signer } = network.join(name, roles);
    const store = new MemoryLocatorStore();
    const audit = new AuditLog(new MemoryAuditStore(), clock);
    const transactions = new MemoryTransactions();
    const indexKey = randomKey();
    const again = (changed: LocatedNetwork = description): Locator =>
      new Locator({ network: host, description: changed, store, identity, indexKey, audit, transactions, clock, logger: silentLogger });
    return { did: identity.did, host, signer, locator: again(), store, audit, again };
  };
  return { network, description, guardianAudit, hospital };
}

function hex(value: Uint8Array): string {
  return Buffer.from(value).toString('hex');
}
