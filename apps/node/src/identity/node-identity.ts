import { errorCodeOf } from '@carecord/core';
import type { Clock, Transaction } from '@carecord/core';
import { hybridSigner, randomKey } from '@carecord/crypto';
import type { GeneralJws, HybridSigner } from '@carecord/crypto';
import { createHospitalDid, recipientKeyId, resolveDidHistory } from '@carecord/identity';
import type { DidPolicy, DidService, LocalIdentity, LocalMember, ResolvedDid, WitnessRule } from '@carecord/identity';
import type { KeyRing, NodeKey } from '@carecord/keys';
import type { SettingStore } from '@carecord/storage';
import { NodeError } from '../failures/node-error.ts';
import { DID_SETTING, didKeysFrom, newSigningSecret, readDidRecord, signingSeedsOf, writeDidRecord } from './did-record.ts';
import type { DidRecord } from './did-record.ts';

/** What a node's DID is made and checked with. */
export interface NodeIdentityOptions {
  readonly ring: KeyRing;
  readonly settings: SettingStore;
  readonly domain: string;
  readonly networkId: string;
  /** What the DID's history must have to be believed by others. */
  readonly policy: DidPolicy;
  /** Who must witness each version; nobody if absent. */
  readonly witness: WitnessRule | undefined;
  /** What the document says about where this hospital is; asked anew for each version. */
  readonly services: () => readonly DidService[];
  readonly clock: Clock;
}

/** A key that opens what was sealed to this hospital. */
export interface RecipientKey {
  /** As the document names it, e.g. `did:webvh:…#recipient-2`. */
  readonly keyId: string;
  readonly seed: Uint8Array;
}

/** The present version, with what it takes to speak for it. */
interface Standing {
  readonly record: DidRecord;
  readonly signer: HybridSigner;
  /** Absent until the first version is witnessed. */
  readonly resolved: ResolvedDid | undefined;
}

/** Who this node speaks for: the hospital's DID as it is now, and the keys that prove it. */
export class NodeIdentity implements LocalIdentity {
  private credentials: readonly GeneralJws[] = [];
  private statusLists: () => readonly GeneralJws[] = () => [];

  private constructor(
    private readonly options: NodeIdentityOptions,
    private standing: Standing,
  ) {}

  /**
   * Loads the hospital's DID, or makes it with its keys at the very first start.
   * @throws NodeError `DATABASE_MISMATCH` when the domain is not that of the database's DID, or something is damaged
   */
  static async open(options: NodeIdentityOptions): Promise<NodeIdentity> {
    const record = (await readDidRecord(options.settings, DID_SETTING)) ?? (await createFirst(options));
    if (record.did.split(':')[3] !== options.domain) {
      throw new NodeError('DATABASE_MISMATCH', 'CARECORD_DOMAIN is not the domain of the DID that the database belongs to.');
    }
    return new NodeIdentity(options, await standingOf(options, record));
  }

  get did(): string {
    return this.standing.record.did;
  }

  get networkId(): string {
    return this.options.networkId;
  }

  /** The version of the DID that stands, as the database has it. */
  get record(): DidRecord {
    return this.standing.record;
  }

  /** @throws NodeError `NOT_ADMITTED` before the hospital has its membership */
  current(): LocalMember {
    if (this.credentials.length === 0) throw new NodeError('NOT_ADMITTED', 'This hospital is not a member of the network yet.');
    return { networkId: this.networkId, ...this.signing(), credentials: this.credentials, statusLists: this.statusLists() };
  }

  /**
   * The DID and its signer, with or without a membership.
   * @throws NodeError `NOT_ADMITTED` while the first version is not witnessed
   */
  signing(): { readonly resolved: ResolvedDid; readonly signer: HybridSigner } {
    const { resolved, signer } = this.standing;
    if (resolved === undefined) throw new NodeError('NOT_ADMITTED', "This hospital's DID is not witnessed yet.");
    return { resolved, signer };
  }

  /** Whether the DID can be shown to others. */
  get isWitnessed(): boolean {
    return this.standing.resolved !== undefined;
  }

  /** What an application for membership is signed with: it comes before the witnesses. */
  applicant(): { readonly did: string; readonly history: string; readonly signingKeyIds: ResolvedDid['signingKeyIds']; readonly signer: HybridSigner } {
    const { record, signer } = this.standing;
    const number = record.keys.signing.split('-').at(-1);
    return { did: record.did, history: record.history, signingKeyIds: { ed25519: `${record.did}#ed25519-${number}`, mlDsa65: `${record.did}#ml-dsa-65-${number}` }, signer };
  }

  /**
   * The keys that open what was sealed to this hospital: the present one, the one that comes next (others hear of it before it is
   * in use here), and those before.
   */
  recipientKeys(): readonly RecipientKey[] {
    const { ring } = this.options;
    const [present, ...retired] = ring.openable('did-recipient');
    const keys = [present, ring.pending('did-recipient'), ...retired].filter((key) => key !== undefined);
    return keys.map(({ number, secret }) => ({ keyId: recipientKeyId(this.did, number), seed: secret }));
  }

  /** From now on the membership is proven with these. */
  useMembership(credentials: readonly GeneralJws[], statusLists: () => readonly GeneralJws[]): void {
    this.credentials = credentials;
    this.statusLists = statusLists;
  }

  /** Takes a version over that is in the database: after a rotation, here or at another replica. */
  async use(record: DidRecord): Promise<void> {
    this.standing = await standingOf(this.options, record);
  }

  /**
   * Verifies a history of this DID as others will.
   * @throws IdentityError as `resolveDidHistory` does
   */
  async verify(history: string): Promise<ResolvedDid> {
    return await resolveDidHistory(this.did, history, this.options.policy, this.options.clock.now());
  }

  /**
   * Puts the present version with its witnesses' proofs in place.
   * @throws IdentityError as {@link verify} does: then nothing has changed
   */
  async complete(history: string): Promise<void> {
    const { ring, settings } = this.options;
    await this.verify(history);
    const completed = await ring.change(async (transaction) => {
      const stored = await readDidRecord(settings, DID_SETTING, transaction);
      // Another replica may have completed it meanwhile, and even gone on.
      if (stored !== undefined && stored.history !== this.record.history) return stored;
      const record = { ...this.record, history, witnessed: true };
      await writeDidRecord(settings, DID_SETTING, record, transaction);
      return record;
    });
    await this.use(completed);
  }
}

async function standingOf(options: NodeIdentityOptions, record: DidRecord): Promise<Standing> {
  // Made at once: while the history is verified, the ring may let the key go and overwrite it.
  const signer = hybridSigner(signingSeedsOf(await signingKeyOf(options.ring, record)));
  return { record, resolved: await resolvedOf(options, record), signer };
}

/** Another replica may have made it after our ring was opened. */
async function signingKeyOf(ring: KeyRing, { keys }: DidRecord): Promise<NodeKey> {
  if (ring.find(keys.signing) === undefined) await ring.reload();
  const signing = ring.find(keys.signing);
  if (signing === undefined) throw new NodeError('DATABASE_MISMATCH', "The database does not have the key that signs for this hospital: restore its schema \"keys\" from a backup of the same time.");
  return signing;
}

/** The history is verified as others will: what they would refuse must not be shown. */
async function resolvedOf({ policy, clock }: NodeIdentityOptions, { did, history, witnessed }: DidRecord): Promise<ResolvedDid | undefined> {
  if (!witnessed) return undefined;
  try {
    return await resolveDidHistory(did, history, policy, clock.now());
  } catch (cause) {
    // The network wants other witnesses than when this version was made: they are asked as for a first version.
    if (errorCodeOf(cause) === 'DID_WITNESSES_MISSING') return undefined;
    if (errorCodeOf(cause) !== 'DID_LOG_INVALID') throw cause;
    throw new NodeError('DATABASE_MISMATCH', "The history of this hospital's DID in the database is damaged: restore the database from its backup.", { cause });
  }
}

/**
 * Makes the DID and all its keys in one transaction: after a crash there is either everything or nothing. Of several replicas
 * that start at once for the first time, one makes it and the others find it.
 */
async function createFirst(options: NodeIdentityOptions): Promise<DidRecord> {
  const { ring, settings } = options;
  try {
    return await makeFirst(options);
  } catch (error) {
    const made = await readDidRecord(settings, DID_SETTING);
    if (made === undefined) throw error;
    await ring.reload();
    return made;
  }
}

async function makeFirst({ ring, settings, domain, services, witness, clock }: NodeIdentityOptions): Promise<DidRecord> {
  return await ring.change(async (transaction) => {
    const keys = await createFirstKeys(ring, transaction);
    // Making keys locks them against other replicas: only now is it certain whether one of them was first.
    if ((await readDidRecord(settings, DID_SETTING, transaction)) !== undefined) throw new NodeError('DATABASE_MISMATCH', 'Another replica has just made the DID.');
    const created = await createHospitalDid({ domain, keys: didKeysFrom(keys), services: services(), clock, ...(witness === undefined ? {} : { witness }) });
    const record: DidRecord = {
      did: created.did,
      history: created.history,
      keys: idsOf(keys),
      witnessed: !created.needsWitnesses,
      urgent: false,
    };
    await writeDidRecord(settings, DID_SETTING, record, transaction);
    return record;
  });
}

type FirstKeys = Readonly<Record<keyof DidRecord['keys'], NodeKey>>;

async function createFirstKeys(ring: KeyRing, transaction: Transaction): Promise<FirstKeys> {
  const make = (purpose: NodeKey['purpose'], state: 'active' | 'pending', secret = randomKey()): Promise<NodeKey> => ring.create(transaction, purpose, secret, state);
  return {
    signing: await make('did-signing', 'active', newSigningSecret()),
    recipient: await make('did-recipient', 'active'),
    update: await make('did-update', 'active'),
    nextUpdate: await make('did-update', 'pending'),
    cosigning: await make('did-cosigning', 'active'),
    nextCosigning: await make('did-cosigning', 'pending'),
  };
}

/** The ids of keys, by what they are to a version. */
export function idsOf(keys: FirstKeys): DidRecord['keys'] {
  return Object.fromEntries(Object.entries(keys).map(([use, { id }]) => [use, id])) as DidRecord['keys'];
}
