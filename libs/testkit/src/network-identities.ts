import { later, systemClock } from '@carecord/core';
import type { Clock } from '@carecord/core';
import { hybridSigner, randomKey, sha256 } from '@carecord/crypto';
import type { GeneralJws, HybridSigner } from '@carecord/crypto';
import {
  createHospitalDid,
  fixedTrust,
  issueMembershipCredential,
  issueStatusList,
  newDidKeys,
  nextDidKeys,
  resolveDidHistory,
  rotateHospitalDid,
} from '@carecord/identity';
import type { DidHistory, DidKeys, LocalMember, MemberRole, NetworkTrust, ResolvedDid, StatusEntry } from '@carecord/identity';

/** The network that tests make unless told otherwise. */
export const TEST_NETWORK_ID = 'test-network';
const DAY_MILLISECONDS = 24 * 60 * 60 * 1000;
const CREDENTIAL_DAYS = 365;

/** The date of every seeded DID's first version: it is in the DID. */
const SEEDED_AT = new Date('2026-01-01T00:00:00.000Z');

/** What another process needs to be the same identity. */
export interface SavedTestIdentity {
  readonly name: string;
  readonly peerSeed: Uint8Array;
  readonly keys: DidKeys;
  readonly did: string;
  readonly history: string;
}

/** A DID with all its keys, which it can rotate: a hospital or an authority, not yet admitted anywhere. */
export class TestIdentity {
  private recipients: { readonly keyId: string; readonly seed: Uint8Array }[];

  private constructor(
    readonly name: string,
    readonly peerSeed: Uint8Array,
    private keys: DidKeys,
    private version: ResolvedDid,
    private signing: HybridSigner,
    private readonly clock: Clock,
  ) {
    this.recipients = [{ keyId: version.recipientKeyId, seed: keys.recipient.seed }];
  }

  /** A fresh DID at `<name>.hospital.example`. */
  static async make(name: string, clock: Clock): Promise<TestIdentity> {
    const keys = newDidKeys();
    const { did, history } = await createHospitalDid({ domain: `${name}.hospital.example`, keys, clock });
    return new TestIdentity(name, randomKey(), keys, await resolveDidHistory(did, history, undefined, clock.now()), hybridSigner(keys.signing), clock);
  }

  /** The same DID at `<name>.hospital.example` in every run: where it stands in the key space is known beforehand. Its keys protect nothing. */
  static async seeded(name: string, seed: string, clock: Clock): Promise<TestIdentity> {
    const key = (use: string): Uint8Array => sha256(new TextEncoder().encode(`${seed}/${name}/${use}`));
    const keys: DidKeys = {
      signing: { ed25519: key('ed25519'), mlDsa65: key('ml-dsa-65'), number: 1 },
      recipient: { seed: key('recipient'), number: 1 },
      update: key('update'),
      nextUpdate: key('next-update'),
      cosigning: key('cosigning'),
      nextCosigning: key('next-cosigning'),
    };
    const { did, history } = await createHospitalDid({ domain: `${name}.hospital.example`, keys, clock: { ...systemClock, now: () => SEEDED_AT } });
    return TestIdentity.restore({ name, peerSeed: key('peer'), keys, did, history }, clock);
  }

  /** The identity that was `saved`, in another process perhaps. */
  static async restore({ name, peerSeed, keys, did, history }: SavedTestIdentity, clock: Clock): Promise<TestIdentity> {
    return new TestIdentity(name, peerSeed, keys, await resolveDidHistory(did, history, undefined, clock.now()), hybridSigner(keys.signing), clock);
  }

  /** With all its private keys. */
  saved(): SavedTestIdentity {
    const { name, peerSeed, keys, did } = this;
    return { name, peerSeed, keys, did, history: this.version.log };
  }

  get did(): string {
    return this.version.did;
  }

  /** The version in use. */
  get resolved(): ResolvedDid {
    return this.version;
  }

  get signer(): HybridSigner {
    return this.signing;
  }

  /** Current first, then retired ones. */
  recipientKeys(): readonly { readonly keyId: string; readonly seed: Uint8Array }[] {
    return this.recipients;
  }

  /** Destroys all recipient keys but the current one. */
  destroyRetired(): void {
    this.recipients = this.recipients.slice(0, 1);
  }

  /**
   * Rotates all keys as a node does: a key to seal to is there before anybody hears of it, and nothing is signed with new keys before
   * the others have heard of them.
   * @param options.announce told the new history before it comes into use
   * @param options.keepPrevious whether what the old keys signed still counts
   */
  async rotate(options: { readonly announce?: (history: DidHistory) => Promise<unknown>; readonly keepPrevious?: boolean } = {}): Promise<void> {
    const { clock } = this;
    const keys = nextDidKeys(this.keys);
    const { did, history } = await rotateHospitalDid({ current: this.version, keys, keepPrevious: options.keepPrevious ?? true, clock });
    const version = await resolveDidHistory(did, history, undefined, clock.now());
    this.recipients = [{ keyId: version.recipientKeyId, seed: keys.recipient.seed }, ...this.recipients];
    await options.announce?.(history);
    this.keys = keys;
    this.version = version;
    this.signing = hybridSigner(keys.signing);
  }
}

/** A fresh DID at `<name>.hospital.example`. */
export function makeTestIdentity(name: string, clock: Clock = systemClock): Promise<TestIdentity> {
  return TestIdentity.make(name, clock);
}

/** What an admission may say otherwise. */
export interface TestAdmission {
  readonly networkId?: string;
  readonly roles?: readonly MemberRole[];
  readonly validUntil?: Date;
  /** @default now */
  readonly validFrom?: Date;
}

/** An authority that admits members, and takes their membership back. */
export class TestAuthority {
  readonly listUrl: string;
  private readonly entries = new Map<string, StatusEntry>();
  private lastIssued = 0;

  constructor(
    readonly identity: TestIdentity,
    private readonly clock: Clock,
  ) {
    this.listUrl = `https://${identity.name}.hospital.example/status/1`;
  }

  get did(): string {
    return this.identity.did;
  }

  /** Its credential that an identity is a member; the member keeps its number in the status list over renewals. */
  admit(subject: Pick<TestIdentity, 'did' | 'name'>, admission: TestAdmission = {}): Promise<GeneralJws> {
    const now = this.clock.now();
    const entry = this.entries.get(subject.did) ?? { index: this.entries.size, revoked: false, suspended: false };
    this.entries.set(subject.did, entry);
    return issueMembershipCredential({
      issuer: this.identity.resolved,
      signer: this.identity.signer,
      subject: subject.did,
      subjectName: `Hospital ${subject.name}`,
      networkId: admission.networkId ?? TEST_NETWORK_ID,
      roles: admission.roles ?? ['hospital'],
      validFrom: admission.validFrom ?? now,
      validUntil: admission.validUntil ?? later(now, CREDENTIAL_DAYS * DAY_MILLISECONDS),
      status: { listUrl: this.listUrl, index: entry.index },
    });
  }

  /** Changes how a member stands, in the next list. */
  mark(did: string, change: Partial<Pick<StatusEntry, 'revoked' | 'suspended'>>): void {
    const entry = this.entries.get(did);
    if (entry === undefined) throw new Error('The authority has not admitted it.');
    this.entries.set(did, { ...entry, ...change });
  }

  /** A fresh status list, newer than all before although a clock may stand still. */
  statusList(): Promise<GeneralJws> {
    this.lastIssued = Math.max(this.clock.now().getTime(), this.lastIssued + 1);
    return issueStatusList({
      issuer: this.identity.resolved,
      signer: this.identity.signer,
      listUrl: this.listUrl,
      entries: [...this.entries.values()],
      now: new Date(this.lastIssued),
      validForMilliseconds: DAY_MILLISECONDS,
    });
  }
}

/** A fresh authority. */
export async function makeTestAuthority(name = 'authority', clock: Clock = systemClock): Promise<TestAuthority> {
  return new TestAuthority(await makeTestIdentity(name, clock), clock);
}

/** Trusts these authorities, as they are at each moment. */
export function trustIn(authorities: readonly TestAuthority[], threshold = 1): NetworkTrust {
  return { ...fixedTrust(TEST_NETWORK_ID, [], threshold), authorities: () => authorities.map(({ identity }) => identity.resolved) };
}

/** A member as it is at this moment: with a credential and a fresh status list of each authority. */
export async function admitForTest(
  identity: TestIdentity,
  authorities: TestAuthority | readonly TestAuthority[],
  admission: TestAdmission = {},
): Promise<LocalMember> {
  const all = Array.isArray(authorities) ? (authorities as readonly TestAuthority[]) : [authorities as TestAuthority];
  return {
    networkId: admission.networkId ?? TEST_NETWORK_ID,
    resolved: identity.resolved,
    credentials: await Promise.all(all.map((authority) => authority.admit(identity, admission))),
    statusLists: await Promise.all(all.map((authority) => authority.statusList())),
    signer: identity.signer,
  };
}
