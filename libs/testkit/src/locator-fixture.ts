import { AuditLog } from '@carecord/audit';
import { decodeWire, encodeWire, later, silentLogger } from '@carecord/core';
import { generateRecipientSeed, generateSigningSeeds, hybridSigner, randomKey, recipientPublicKey } from '@carecord/crypto';
import type { PatientListing } from '@carecord/core';
import type { HybridSigner } from '@carecord/crypto';
import { fixedIdentity } from '@carecord/identity';
import type { LocalIdentity, MemberRole, ResolvedDid } from '@carecord/identity';
import { Locator, pointerKind } from '@carecord/locator';
import { NetworkError, valueRefused } from '@carecord/network';
import type { DhtEntry, DhtPlace, DhtValueMeta, DhtValues, Member, MessageHandler, MessageProtocol, NetworkHost, Placement, PublishOptions, Told } from '@carecord/network';
import type { z } from 'zod';
import { FixtureTagSource } from './fixture-tag-source.ts';
import { ManualClock } from './manual-clock.ts';
import { MemoryAuditStore } from './memory/audit-store.ts';
import { MemoryLocatorStore } from './memory/locator-store.ts';
import { MemoryTransactions } from './memory/transactions.ts';

const NETWORK_ID = 'test-network';
/** To all members. */
export const LISTED: PatientListing = { listing: 'listed', hospitals: [] };
const DAY = 24 * 60 * 60 * 1000;
/** How many members store each value in these tests. */
const STORERS = 5;
/** Recipient keys, which are made asynchronously: each member has one of its own in networks of so many. */
const RECIPIENTS = await Promise.all(Array.from({ length: 16 }, makeRecipient));

interface Recipient {
  readonly seed: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** A value in the DHT of these tests. */
interface Stored {
  readonly value: Uint8Array;
  readonly meta: DhtValueMeta;
}

/** What one publication wrote, and of whom. */
interface Published {
  readonly by: string;
  readonly entries: readonly DhtEntry[];
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
  /** The places that each `readAll` asked for, as hex keys. */
  readonly asked: string[][] = [];
  readonly published: Published[] = [];
  /** Called before each place is read and each value written: may throw. */
  disturb: (operation: 'read' | 'write', key: string) => void = () => undefined;
  /** Changes how the storers take a value, the `number`th that is written; `undefined`: as usual. */
  placing: (entry: DhtEntry, number: number) => Placement | undefined = () => undefined;
  /** Makes readings incomplete. */
  complete = true;
  private written = 0;

  /** The host of a new member. */
  join(name: string, roles: MemberRole[] = ['hospital']): { host: NetworkHost; identity: LocalIdentity; signer: HybridSigner; recipientSeed: Uint8Array } {
    const recipient = RECIPIENTS[this.members.size % RECIPIENTS.length] as Recipient;
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
      recipientPublicKey: recipient.publicKey,
      recipientKeyId: `${did}#c`,
      services: [],
      updatedAt: this.clock.now(),
    };
    const membershipValidUntil = new Date('2027-01-01');
    const membership = { did, name: `Hospital ${name}`, roles, networkId: NETWORK_ID, validUntil: membershipValidUntil, standings: [] };
    this.members.set(did, { did, name: membership.name, roles, peerId: name, resolved, membershipValidUntil, membership });
    const identity = fixedIdentity({ networkId: NETWORK_ID, resolved, signer, credentials: [], statusLists: [] });
    return { host: this.hostOf(did), identity, signer, recipientSeed: recipient.seed };
  }

  private hostOf(did: string): NetworkHost {
    const done = (): Promise<void> => Promise.resolve();
    const notHere = (): never => {
      throw new Error('Not a part of this network.');
    };
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
      get: async (kind, key) => (await this.readAll([{ kind, key }]))[0]?.values[0]?.value,
      getAll: async (kind, key) => (await this.readAll([{ kind, key }]))[0] as DhtValues,
      put: async (kind, key, value) => {
        const [placement] = await this.publish(did, [{ kind, key, value }]);
        if (placement?.stored === 0) throw valueRefused('Refused.');
        return { stored: placement?.stored ?? 0 };
      },
      publish: (entries, options) => this.publish(did, entries, options),
      readAll: (places) => this.readAll(places),
      findMembers: notHere,
      findProviders: notHere,
      peers: notHere,
      statistics: notHere,
      repair: notHere,
    };
  }

  private async readAll(places: readonly DhtPlace[]): Promise<DhtValues[]> {
    this.asked.push(places.map(({ key }) => hex(key)));
    return Promise.all(places.map((place) => this.read(place)));
  }

  private async read({ kind, key }: DhtPlace): Promise<DhtValues> {
    try {
      this.disturb('read', hex(key));
    } catch {
      return { values: [], complete: false };
    }
    const stored = this.values.get(`${kind.namespace}/${hex(key)}`);
    const stands = stored !== undefined && stored.meta.expiresAt > this.clock.now();
    return Promise.resolve({ values: stands ? [{ value: stored.value }] : [], complete: this.complete });
  }

  private async publish(by: string, entries: readonly DhtEntry[], options: PublishOptions = {}): Promise<Placement[]> {
    this.published.push({ by, entries });
    const placements: Placement[] = [];
    for (const entry of entries) placements.push(await this.place(entry));
    options.onProgress?.({ settled: entries.length, total: entries.length, messages: STORERS, bytes: 0 });
    return placements;
  }

  private async place(entry: DhtEntry): Promise<Placement> {
    const { kind, key, value } = entry;
    this.disturb('write', hex(key));
    this.written += 1;
    const changed = this.placing(entry, this.written);
    const meta = kind.namespace === pointerKind.namespace ? await pointerKind.validate(key, value) : { owner: 'anybody', sequence: this.written, expiresAt: later(this.clock.now(), DAY) };
    const name = `${kind.namespace}/${hex(key)}`;
    const before = this.values.get(name);
    const stands = before !== undefined && before.meta.expiresAt > this.clock.now();
    if (stands && before.meta.owner !== meta.owner) return placed({ occupied: STORERS });
    if (before?.meta.owner === meta.owner && before.meta.sequence >= meta.sequence) return placed({ refused: STORERS });
    if ((changed?.stored ?? STORERS) > 0) this.values.set(name, { value, meta });
    return changed ?? placed({ stored: STORERS });
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
  readonly identity: LocalIdentity;
  readonly signer: HybridSigner;
  readonly locator: Locator;
  readonly store: MemoryLocatorStore;
  readonly audit: AuditLog;
  readonly indexKey: Uint8Array;
  /** The hospital's locator after a restart. */
  again(): Locator;
}

/** A network with guardians. */
export interface LocatorNetwork {
  readonly network: MemoryNetwork;
  readonly tags: FixtureTagSource;
  /** Adds a hospital, or another member. */
  readonly hospital: (name: string, roles?: MemberRole[]) => TestHospital;
}

/** Makes a network to which hospitals are added. */
export function makeLocatorNetwork(): LocatorNetwork {
  const network = new MemoryNetwork();
  const tags = new FixtureTagSource();
  const { clock } = network;
  const hospital = (name: string, roles?: MemberRole[]): TestHospital => {
    const { host, identity, signer, recipientSeed } = network.join(name, roles);
    const store = new MemoryLocatorStore();
    const audit = new AuditLog(new MemoryAuditStore(), clock);
    const transactions = new MemoryTransactions();
    const indexKey = randomKey();
    const recipientSeeds = (): Uint8Array[] => [recipientSeed];
    const again = (): Locator => new Locator({ network: host, tags, store, identity, recipientSeeds, indexKey, audit, transactions, clock, logger: silentLogger });
    return { did: identity.did, host, identity, signer, locator: again(), store, audit, indexKey, again };
  };
  return { network, tags, hospital };
}

/** How storers took a value. */
export function placed(counts: Partial<Placement>): Placement {
  return { stored: 0, occupied: 0, refused: 0, unreached: 0, ...counts };
}

async function makeRecipient(): Promise<Recipient> {
  const seed = generateRecipientSeed();
  return { seed, publicKey: await recipientPublicKey(seed) };
}

function hex(value: Uint8Array): string {
  return Buffer.from(value).toString('hex');
}
