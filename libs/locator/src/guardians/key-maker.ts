import { KeyLock } from '@carecord/core';
import type { Transaction } from '@carecord/core';
import { LocatorError } from '../locator-error.ts';
import { KeyCeremony } from './ceremony.ts';
import type { CeremonyOptions } from './ceremony.ts';
import { GUARDIAN_KEY_PROTOCOL } from './guardian-key-protocol.ts';
import { forgetSecrets } from './guardian-seal.ts';
import { KEY_ROUND_PROTOCOL } from './key-round-protocol.ts';
import type { KeyRoundRequest, KeyRoundResponse } from './key-round-protocol.ts';
import type { KnownKey } from './key-book.ts';
import { isSharedAmong, keyTargets } from './key-target.ts';
import type { KeyTarget } from './key-target.ts';
import type { GuardianPlan, KeyName, StoredCeremony } from './ports.ts';

/** How soon one run that others have caused may follow another. */
const WAKE_MILLISECONDS = 1_000;

/** What a {@link KeyMaker} needs. */
export interface KeyMakerOptions extends CeremonyOptions {
  readonly plan: () => GuardianPlan;
}

/**
 * A member's part in the guardians' keys: serves what it knows of them, and, where the authorities name it a guardian, makes them
 * with the others, keeps its shares, and deletes those that are over.
 */
export class KeyMaker {
  private readonly ceremony: KeyCeremony;
  private readonly runs = new KeyLock();
  private wokenAt = 0;

  constructor(private readonly options: KeyMakerOptions) {
    this.ceremony = new KeyCeremony(options);
  }

  /** Starts answering. */
  start(): void {
    const { channel, book } = this.options;
    channel.handle(GUARDIAN_KEY_PROTOCOL, async () => ({ keys: (await book.live()).map(({ signed }) => signed) }));
    channel.handle(KEY_ROUND_PROTOCOL, (request, from) => this.answer(request, from.did));
  }

  /** Does what is due; to be repeated every few seconds. */
  run(): Promise<void> {
    return this.runs.run('', async () => {
      const { book, plan, identity } = this.options;
      const live = await book.live();
      if (!isSettled(plan(), live) || !hasAllSignatures(live)) await book.refresh();
      await this.settle();
      for (const target of await this.targets()) if (concerns(target, identity.did)) await this.ceremony.advance(target);
      await this.settle();
      await book.signOwn();
      await this.tidy();
    });
  }

  private async answer(request: KeyRoundRequest, asker: string): Promise<KeyRoundResponse> {
    const target = (await this.targets()).find(({ epoch, version, digest }) => epoch === request.epoch && version === request.version && Buffer.compare(digest, request.digest) === 0);
    if (target === undefined || !concerns(target, this.options.identity.did)) throw new LocatorError('CEREMONY_UNKNOWN', 'This guardian does not make that key.');
    const answer = await this.ceremony.answer(target, request, asker);
    this.wake();
    return answer;
  }

  /** Whoever is asked has probably something to ask as well; with a pause, as those who are asked then wake up in turn. */
  private wake(): void {
    const { clock, logger } = this.options;
    const now = clock.now().getTime();
    if (now - this.wokenAt < WAKE_MILLISECONDS) return;
    this.wokenAt = now;
    this.run().catch((error: unknown) => {
      logger.warn('guardian-run-failed', {}, error);
    });
  }

  private async targets(): Promise<KeyTarget[]> {
    const { book, plan, identity } = this.options;
    return keyTargets(identity.networkId, plan(), (await book.live()).map(({ statement }) => statement));
  }

  /** Takes the shares of keys that are in use now, and ends ceremonies that others have overtaken. */
  private async settle(): Promise<void> {
    const { store, book } = this.options;
    const keys = await book.all();
    for (const stored of await store.ceremonies()) {
      const key = keys.find(({ statement }) => statement.epoch === stored.epoch);
      if (key === undefined || key.statement.version < stored.version) continue;
      await this.adopt(stored, key);
    }
  }

  private async adopt(stored: StoredCeremony, { statement, signed }: KnownKey): Promise<void> {
    const { store, seal, transactions, identity, logger } = this.options;
    const { epoch, version } = stored;
    const ceremony = seal.openCeremony(stored);
    const { received } = ceremony.content;
    const isOurs = received !== undefined && received.payload === signed.payload;
    await transactions.run(async (transaction) => {
      if (isOurs) await store.saveShare(transaction, seal.sealShare({ epoch, version }, received.share));
      await store.removeCeremony(transaction, { epoch, version });
    });
    forgetSecrets(ceremony);
    const about = { epoch, version, attempt: stored.attempt };
    if (isOurs) logger.info('guardian-share-in-use', about);
    else if (statement.version === version && statement.guardians.includes(identity.did)) logger.error('guardian-share-lost', about);
  }

  /**
   * Deletes what is over: epochs, shares of keys that were shared anew since, and ceremonies of plans that no longer hold. A ceremony of a
   * later plan is another replica's, which has heard of it sooner; one that is complete may be all that there is of a key which others use.
   */
  private async tidy(): Promise<void> {
    const { store, book, plan, transactions, logger } = this.options;
    const [keys, live, targets] = [await book.all(), await book.live(), await this.targets()];
    const isTarget = ({ epoch, version }: KeyName): boolean => targets.some((target) => target.epoch === epoch && target.version === version);
    const isOver = ({ epoch, version }: KeyName): boolean => keys.some(({ statement }) => statement.epoch === epoch && statement.version > version);
    const isEnded = ({ epoch }: KeyName): boolean => keys.some(({ statement }) => statement.epoch > epoch) && !live.some(({ statement }) => statement.epoch === epoch);
    const isGivenUp = (ceremony: StoredCeremony): boolean => !isTarget(ceremony) && ceremony.version <= plan().sequence && (ceremony.phase !== 'complete' || isEnded(ceremony));
    const over = keys.filter((key) => !live.includes(key) && !live.some(({ statement }) => statement.epoch === key.statement.epoch));
    const work: ((transaction: Transaction) => Promise<void>)[] = [
      ...over.map(({ statement }) => (transaction: Transaction) => store.removeEpoch(transaction, statement.epoch)),
      ...(await store.shares()).filter(isOver).map((name) => (transaction: Transaction) => store.removeShare(transaction, name)),
      ...(await store.ceremonies()).filter(isGivenUp).map((name) => (transaction: Transaction) => store.removeCeremony(transaction, name)),
    ];
    if (work.length === 0) return;
    await transactions.run(async (transaction) => {
      for (const each of work) await each(transaction);
    });
    logger.info('guardian-keys-tidied', { removed: work.length });
  }
}

function concerns({ dealers, receivers }: KeyTarget, did: string): boolean {
  return dealers.includes(did) || receivers.includes(did);
}

/** Whether there is nothing to do for the plan. */
function isSettled({ guardians, epoch }: GuardianPlan, live: readonly KnownKey[]): boolean {
  return live.some(({ statement }) => statement.epoch === epoch) && live.every(({ statement }) => isSharedAmong(statement, guardians));
}

function hasAllSignatures(live: readonly KnownKey[]): boolean {
  return live.every(({ statement, signed }) => signed.signatures.length === statement.guardians.length);
}
