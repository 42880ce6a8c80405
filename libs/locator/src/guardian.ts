import { RateLimiter } from '@carecord/core';
import type { Clock, Rate, TransactionRunner } from '@carecord/core';
import type { AuditEntry, AuditLog } from '@carecord/audit';
import { isHospitalMember } from '@carecord/network';
import type { Member, NetworkHost } from '@carecord/network';
import { EVALUATION_PROTOCOL } from './evaluation-protocol.ts';
import { LocatorError } from './locator-error.ts';
import { evaluateBlinded, guardianKeys } from './oprf.ts';
import type { Evaluation, GuardianKeys } from './oprf.ts';
import { isEvaluationPurpose, PUBLISH_PURPOSE } from './purpose.ts';
import type { EvaluationPurpose } from './purpose.ts';

/** Identifiers that a hospital may look up. A large hospital registers two patients a second at its busiest. */
export const ASKING_RATE: Rate = { burst: 200, perSecond: 2 };
/**
 * Identifiers that a hospital may have evaluated to publish its own patients: a first load of a million patients takes days,
 * not months. The guardian cannot tell such an evaluation from a look-up: whoever tries out identifiers has both rates, so 12 a
 * second and a million a day at the most, every one logged, of the hundreds of millions that a national number has.
 */
export const PUBLISHING_RATE: Rate = { burst: 2_000, perSecond: 10 };

/** What a guardian needs. */
export interface GuardianOptions {
  /** 32 random bytes, kept by the guardian alone; its public key stands in the network description. */
  readonly oprfSecret: Uint8Array;
  readonly network: Pick<NetworkHost, 'handle'>;
  readonly audit: AuditLog;
  readonly transactions: TransactionRunner;
  readonly clock: Clock;
  /** @default {@link ASKING_RATE} */
  readonly askingRate?: Rate;
  /** @default {@link PUBLISHING_RATE} */
  readonly publishingRate?: Rate;
}

/**
 * Evaluates blinded identifiers for entitled hospitals. It sees who asks, what for and how many, and logs that; it learns
 * neither the identifiers nor what is found.
 */
export class Guardian {
  private readonly keys: GuardianKeys;
  private readonly asking: RateLimiter;
  private readonly publishing: RateLimiter;

  constructor(private readonly options: GuardianOptions) {
    this.keys = guardianKeys(options.oprfSecret);
    this.asking = new RateLimiter(options.askingRate ?? ASKING_RATE, options.clock);
    this.publishing = new RateLimiter(options.publishingRate ?? PUBLISHING_RATE, options.clock);
  }

  /** Starts answering. */
  start(): void {
    this.options.network.handle(EVALUATION_PROTOCOL, async ({ purpose, blinded }, from) => {
      const { evaluated, proof } = await this.evaluate(purpose, blinded, from);
      return { evaluated: [...evaluated], proof };
    });
  }

  /** Nothing is answered that is not in the log. */
  private async evaluate(purpose: string, blinded: readonly Uint8Array[], from: Member): Promise<Evaluation> {
    const about = { actor: { kind: 'hospital' as const, id: from.did }, detail: { count: blinded.length } };
    try {
      this.assertEntitled(from);
      const known = knownPurpose(purpose);
      this.assertWithinRate(known, from, blinded.length);
      const evaluation = evaluateBlinded(this.keys, blinded);
      await this.log({ ...about, type: 'pointer-evaluated', outcome: 'success', purpose: known });
      return evaluation;
    } catch (error) {
      if (error instanceof LocatorError) await this.log({ ...about, type: 'pointer-evaluation-refused', outcome: 'refused', reasonCode: error.code });
      throw error;
    }
  }

  private assertEntitled(from: Member): void {
    if (!isHospitalMember(from, this.options.clock.now())) {
      throw new LocatorError('NOT_ENTITLED', 'Only hospitals of the network may have identifiers evaluated.');
    }
  }

  private assertWithinRate(purpose: EvaluationPurpose, from: Member, count: number): void {
    const limiter = purpose === PUBLISH_PURPOSE ? this.publishing : this.asking;
    if (!limiter.take(from.did, count)) throw new LocatorError('RATE_LIMITED', 'This hospital has had too many identifiers evaluated; try again later.');
  }

  private async log(entry: AuditEntry): Promise<void> {
    await this.options.transactions.run((transaction) => this.options.audit.append(transaction, entry));
  }
}

function knownPurpose(purpose: string): EvaluationPurpose {
  if (!isEvaluationPurpose(purpose)) throw new LocatorError('PURPOSE_UNKNOWN', 'Identifiers are not evaluated for this purpose.');
  return purpose;
}
