import type { Clock, Transaction, TransactionRunner } from '@carecord/core';
import type { AuditEntry, AuditLog } from '@carecord/audit';
import type { LocalIdentity } from '@carecord/identity';
import { LocatorError } from '../locator-error.ts';
import { evaluateBlinded } from '../oprf.ts';
import type { Evaluation } from '../oprf.ts';
import { isEvaluationPurpose, PUBLISH_PURPOSE } from '../purpose.ts';
import type { EvaluationPurpose } from '../purpose.ts';
import { creditAdmissions } from './admission-credit.ts';
import { ADMISSIONS_PROTOCOL, openAdmissions } from './admission-statement.ts';
import { EVALUATION_PROTOCOL } from './evaluation-protocol.ts';
import type { EvaluationRequest, EvaluationResponse } from './evaluation-protocol.ts';
import type { Asker, GuardianChannel } from './guardian-channel.ts';
import { GUARDIAN_LIMITS, GuardianQuotas } from './guardian-quotas.ts';
import type { GuardianLimits, WantedEvaluation } from './guardian-quotas.ts';
import type { GuardianSeal } from './guardian-seal.ts';
import type { KeyBook } from './key-book.ts';
import type { GuardianStore, KeyName, SigningKeysOf } from './ports.ts';

/** What a guardian needs. */
export interface GuardianOptions {
  readonly identity: Pick<LocalIdentity, 'networkId'>;
  readonly store: GuardianStore;
  readonly seal: GuardianSeal;
  readonly book: Pick<KeyBook, 'live'>;
  readonly channel: GuardianChannel;
  readonly keysOf: SigningKeysOf;
  readonly audit: AuditLog;
  readonly transactions: TransactionRunner;
  readonly clock: Clock;
  /** @default {@link GUARDIAN_LIMITS} */
  readonly limits?: Partial<GuardianLimits>;
}

/**
 * Evaluates blinded inputs for entitled hospitals with its shares of the guardians' keys. It sees who asks, what for, for whom (a
 * pseudonym) and how many, and logs that; it learns neither the identifiers nor what is found.
 */
export class Guardian {
  private readonly quotas: GuardianQuotas;

  constructor(private readonly options: GuardianOptions) {
    this.quotas = new GuardianQuotas(options.store, options.clock, { ...GUARDIAN_LIMITS, ...options.limits });
  }

  /** Starts answering. */
  start(): void {
    const { channel } = this.options;
    channel.handle(EVALUATION_PROTOCOL, (request, from) => this.evaluate(request, from));
    channel.handle(ADMISSIONS_PROTOCOL, async ({ statement }, from) => {
      const { identity, keysOf, clock, store, transactions } = this.options;
      assertHospital(from);
      const admissions = await openAdmissions(statement, from.did, identity.networkId, keysOf, clock.now());
      return { credited: await transactions.run((transaction) => creditAdmissions(store, transaction, admissions, clock.now())) };
    });
  }

  /** Forgets the counts of days that are over; to be repeated daily. */
  async tidy(): Promise<void> {
    await this.options.transactions.run((transaction) => this.quotas.tidy(transaction));
  }

  /** Nothing is answered that is not counted and in the log. */
  private async evaluate(request: EvaluationRequest, from: Asker): Promise<EvaluationResponse> {
    const { transactions } = this.options;
    const { blinded, clinician, keys } = request;
    const detail = { count: blinded.length, epochs: keys.length, ...(clinician === undefined ? {} : { clinician }) };
    const about = { actor: { kind: 'hospital' as const, id: from.did }, detail };
    try {
      const purpose = checkedPurpose(request, from);
      const wanted: WantedEvaluation = { hospital: from.did, purpose, clinician, epochs: keys.map(({ epoch }) => epoch), inputs: blinded.length };
      this.quotas.takeBurst(wanted);
      const evaluations = await this.evaluateWith(keys, blinded);
      await transactions.run(async (transaction) => {
        await this.quotas.count(transaction, wanted);
        await this.log(transaction, { ...about, type: 'pointer-evaluated', outcome: 'success', purpose });
      });
      return { evaluations: evaluations.map(({ evaluated, proof }) => ({ evaluated: [...evaluated], proof })) };
    } catch (error) {
      if (error instanceof LocatorError) {
        const refusal = { ...about, type: 'pointer-evaluation-refused' as const, outcome: 'refused' as const, reasonCode: error.code };
        await transactions.run((transaction) => this.log(transaction, refusal));
      }
      throw error;
    }
  }

  private async evaluateWith(keys: readonly KeyName[], blinded: readonly Uint8Array[]): Promise<Evaluation[]> {
    const live = await this.options.book.live();
    const evaluations: Evaluation[] = [];
    for (const name of keys) {
      const isLive = live.some(({ statement }) => statement.epoch === name.epoch && statement.version === name.version);
      const stored = isLive ? await this.options.store.share(name) : undefined;
      if (stored === undefined) throw new LocatorError('KEY_OUTDATED', 'This guardian has no share of that key.');
      const share = this.options.seal.openShare(stored);
      try {
        evaluations.push(evaluateBlinded(share, blinded));
      } finally {
        share.fill(0);
      }
    }
    return evaluations;
  }

  private async log(transaction: Transaction, entry: AuditEntry): Promise<void> {
    await this.options.audit.append(transaction, entry);
  }
}

function checkedPurpose({ purpose, clinician, keys }: EvaluationRequest, from: Asker): EvaluationPurpose {
  assertHospital(from);
  if (!isEvaluationPurpose(purpose)) throw new LocatorError('PURPOSE_UNKNOWN', 'Identifiers are not evaluated for this purpose.');
  if (purpose !== PUBLISH_PURPOSE && clinician === undefined) throw new LocatorError('CLINICIAN_REQUIRED', 'A look-up is made for a clinician, who has a pseudonym.');
  if (new Set(keys.map(({ epoch }) => epoch)).size < keys.length) throw new LocatorError('KEY_OUTDATED', 'An epoch has one key.');
  return purpose;
}

function assertHospital({ isHospital }: Asker): void {
  if (!isHospital) throw new LocatorError('NOT_ENTITLED', 'Only hospitals of the network may have identifiers evaluated.');
}
