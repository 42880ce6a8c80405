import type { Clock, Logger, Transaction } from '@carecord/core';
import { errorCodeOf, KeyLock } from '@carecord/core';
import { rotateHospitalDid } from '@carecord/identity';
import type { DidService, WitnessProof, WitnessRule } from '@carecord/identity';
import type { KeyRing, NodeKey } from '@carecord/keys';
import { randomKey } from '@carecord/crypto';
import type { SettingStore } from '@carecord/storage';
import { NodeError } from '../failures/node-error.ts';
import { DID_SETTING, didKeysFrom, newSigningSecret, NEXT_DID_SETTING, readDidRecord, writeDidRecord } from './did-record.ts';
import type { DidRecord } from './did-record.ts';
import { idsOf } from './node-identity.ts';
import type { NodeIdentity } from './node-identity.ts';
import { withProofs } from './witness-proofs.ts';

/** What a rotation needs from outside. */
export interface IdentityRotationOptions {
  readonly identity: NodeIdentity;
  readonly ring: KeyRing;
  readonly settings: SettingStore;
  readonly services: () => readonly DidService[];
  /** Who must witness the versions after the next one; nobody if absent. */
  readonly witness: WitnessRule | undefined;
  /** Asks the witnesses to sign the last version of a history. */
  readonly collectWitnessProofs: (did: string, history: string) => Promise<readonly WitnessProof[]>;
  /** Shows the new history to connected members before anything is signed with its keys. */
  readonly announce: (history: string) => Promise<unknown>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Ends a rule that the DID may have from before. */
const NO_WITNESSES: WitnessRule = { threshold: 0, witnesses: [] };
const FORKED = "Others know another version of this hospital's DID of the same number: the database was restored from an old backup. Restore the newest one.";

/**
 * Replaces the keys of the hospital's DID: a new version of its history, signed by the pre-committed keys.
 *
 * 1. New keys and the new version are made and stored in one transaction: of one version number there is never a second.
 * 2. The witnesses sign it.
 * 3. Connected members are told, so that they accept the new keys before they meet them.
 * 4. The new keys take over in one transaction, and the version before becomes history.
 *
 * Whatever fails, the next call (or start) goes on where it stopped. Old keys are destroyed by `KeyCleaning`.
 */
export class IdentityRotation {
  private readonly lock = new KeyLock();
  private readonly listeners: (() => Promise<unknown>)[] = [];

  constructor(private readonly options: IdentityRotationOptions) {}

  /** Does this as soon as new keys are in use, rotated here or at another replica. */
  afterwards(work: () => Promise<unknown>): void {
    this.listeners.push(work);
  }

  /**
   * Rotates now.
   * @param options.urgent the present keys may be known to others: nobody shall accept them any more
   */
  async rotate({ urgent }: { readonly urgent: boolean }): Promise<{ readonly versionId: string }> {
    return await this.lock.run('rotation', async () => {
      await this.followDatabase();
      const prepared = await this.prepare(urgent);
      const finished = await this.finish(prepared);
      // One that was under way relies on the keys before it: the urgent one comes on top.
      return urgent && !prepared.urgent ? await this.finish(await this.prepare(urgent)) : finished;
    });
  }

  /** Finishes a rotation that was interrupted, as far as it may have been seen by others. */
  async resume(): Promise<void> {
    await this.lock.run('rotation', async () => {
      await this.followDatabase();
      const prepared = await readDidRecord(this.options.settings, NEXT_DID_SETTING);
      if (prepared === undefined) return;
      this.options.logger.info('rotation-resumed');
      await this.finish(prepared);
    });
  }

  /** Takes over what another replica has changed, destroyed keys too. @returns whether the DID has another version now */
  async follow(): Promise<boolean> {
    return await this.lock.run('rotation', () => this.followDatabase());
  }

  private async followDatabase(): Promise<boolean> {
    const { identity, ring, settings } = this.options;
    const record = await readDidRecord(settings, DID_SETTING);
    await ring.reload();
    if (record === undefined || record.history === identity.record.history) return false;
    await identity.use(record);
    await this.tellListeners();
    return true;
  }

  private async prepare(urgent: boolean): Promise<DidRecord> {
    const { identity, ring, settings, services, witness, clock } = this.options;
    return await ring.change(async (transaction) => {
      // Locks out other replicas: of two that rotate at once, the second finds what the first has prepared.
      const before = await readDidRecord(settings, DID_SETTING, transaction);
      const waiting = await readDidRecord(settings, NEXT_DID_SETTING, transaction);
      if (waiting !== undefined) return waiting;
      if (before?.history !== identity.record.history) throw new NodeError('WRONG_STATE', 'The keys were rotated just now by another replica: try again if it was not meant.');
      const keys = await this.nextKeys(transaction, before);
      const made = await rotateHospitalDid({
        current: identity.signing().resolved,
        keys: didKeysFrom(keys),
        services: services(),
        keepPrevious: !urgent,
        clock,
        witness: witness ?? NO_WITNESSES,
      });
      const record: DidRecord = { did: before.did, history: made.history, keys: idsOf(keys), witnessed: !made.needsWitnesses, urgent };
      await writeDidRecord(settings, NEXT_DID_SETTING, record, transaction);
      return record;
    });
  }

  /** The pre-committed keys take their turn; all others are new. */
  private async nextKeys(transaction: Transaction, before: DidRecord): Promise<Readonly<Record<keyof DidRecord['keys'], NodeKey>>> {
    const { ring } = this.options;
    const committed = (id: string): NodeKey => {
      const key = ring.find(id);
      if (key === undefined) throw new Error('A pre-committed key is not in the ring.');
      return key;
    };
    return {
      signing: await ring.create(transaction, 'did-signing', newSigningSecret(), 'pending'),
      recipient: await ring.create(transaction, 'did-recipient', randomKey(), 'pending'),
      update: committed(before.keys.nextUpdate),
      nextUpdate: await ring.create(transaction, 'did-update', randomKey(), 'pending'),
      cosigning: committed(before.keys.nextCosigning),
      nextCosigning: await ring.create(transaction, 'did-cosigning', randomKey(), 'pending'),
    };
  }

  private async finish(prepared: DidRecord): Promise<{ readonly versionId: string }> {
    const { identity, announce, logger } = this.options;
    const witnessed = await this.witnessed(prepared);
    await announce(witnessed.history).catch((error: unknown) => {
      // Another version of this number is out already: after a restore of an older database. There must never be two.
      if (['DID_VERSION_FORKED', 'HISTORY_FORKED'].includes(errorCodeOf(error))) throw new NodeError('HISTORY_FORKED', FORKED, { cause: error });
      logger.warn('rotation-not-announced', {}, error);
    });
    await identity.use(await this.takeOver(witnessed));
    await this.tellListeners();
    const { versionId, versionNumber } = identity.signing().resolved;
    logger.info('identity-rotated', { version: versionNumber, urgent: witnessed.urgent });
    return { versionId };
  }

  /** The rotation stands, whatever becomes of what follows from it. */
  private async tellListeners(): Promise<void> {
    for (const listener of this.listeners) await listener().catch((error: unknown) => this.options.logger.error('rotation-not-followed', {}, error));
  }

  private async witnessed(prepared: DidRecord): Promise<DidRecord> {
    if (prepared.witnessed) return prepared;
    const { ring, settings, collectWitnessProofs } = this.options;
    const history = withProofs(prepared.history, await collectWitnessProofs(prepared.did, prepared.history));
    await this.checkBelieved(history);
    const record = { ...prepared, history, witnessed: true };
    await ring.change(async (transaction) => {
      const { isWaiting } = await this.lockVersions(record, transaction);
      if (isWaiting) await writeDidRecord(settings, NEXT_DID_SETTING, record, transaction);
    });
    return record;
  }

  /** What others would refuse must not take over. */
  private async checkBelieved(history: string): Promise<void> {
    try {
      await this.options.identity.verify(history);
    } catch (cause) {
      if (errorCodeOf(cause) !== 'DID_WITNESSES_MISSING') throw cause;
      throw new NodeError('AUTHORITY_UNREACHABLE', 'Too few of the authorities that the network file names have witnessed the new keys: try again later.', { cause });
    }
  }

  /** @returns the version that stands now */
  private async takeOver(record: DidRecord): Promise<DidRecord> {
    const { ring, settings } = this.options;
    return await ring.change(async (transaction) => {
      const { standing, isWaiting } = await this.lockVersions(record, transaction);
      if (!isWaiting) return standing ?? record;
      for (const id of [record.keys.signing, record.keys.recipient, record.keys.update, record.keys.cosigning]) await ring.activate(transaction, id);
      await writeDidRecord(settings, DID_SETTING, record, transaction);
      await settings.write(NEXT_DID_SETTING, undefined, transaction);
      return record;
    });
  }

  /** Locks both versions. Another replica may have finished the next one meanwhile, and even prepared the one after it. */
  private async lockVersions(next: DidRecord, transaction: Transaction): Promise<{ readonly standing: DidRecord | undefined; readonly isWaiting: boolean }> {
    const { settings } = this.options;
    const standing = await readDidRecord(settings, DID_SETTING, transaction);
    const waiting = await readDidRecord(settings, NEXT_DID_SETTING, transaction);
    return { standing, isWaiting: waiting?.keys.signing === next.keys.signing };
  }
}
