import type { Clock, Logger } from '@carecord/core';
import type { LocalIdentity } from '@carecord/identity';
import { NetworkError } from '@carecord/network';
import { GUARDIAN_REFUSAL_CODES, LocatorError } from '../locator-error.ts';
import { blindInputs, combineTags, verifyEvaluation } from '../oprf.ts';
import type { BlindedInputs, Evaluation } from '../oprf.ts';
import type { Epoch, EpochTags, TagRequest, TagSource } from '../tag-source.ts';
import { ADMISSIONS_PROTOCOL, signAdmissions } from './admission-statement.ts';
import type { AdmissionCount } from './admission-statement.ts';
import { EVALUATION_PROTOCOL } from './evaluation-protocol.ts';
import type { EvaluationRequest } from './evaluation-protocol.ts';
import type { GuardianChannel } from './guardian-channel.ts';
import { askEnough } from './hedged.ts';
import type { KeyBook, KnownKey } from './key-book.ts';
import { elementBytes } from './key-statement.ts';

/** A guardian answers within tens of milliseconds; one that has not by then is probably slow, or far. */
const HEDGE_MILLISECONDS = 250;
/** A guardian that failed is asked last for so long. */
const AVOID_MILLISECONDS = 60_000;

/** What a {@link GuardianClient} needs. */
export interface GuardianClientOptions {
  readonly identity: Pick<LocalIdentity, 'current' | 'did' | 'networkId'>;
  readonly book: Pick<KeyBook, 'live' | 'refresh'>;
  readonly channel: GuardianChannel;
  /** How many patients this hospital has admitted: shown to guardians who ask for it before they evaluate more. */
  readonly admissions: () => Promise<AdmissionCount>;
  /** Told of a guardian whose proof does not verify. @default nobody */
  readonly onBadProof?: (guardian: string) => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Has inputs evaluated by the network's guardians, without showing them. */
export class GuardianClient implements TagSource {
  private readonly failedAt = new Map<string, number>();
  private turn = 0;

  constructor(private readonly options: GuardianClientOptions) {}

  /** @throws LocatorError `GUARDIAN_UNAVAILABLE` while there is no key */
  async epochs(): Promise<readonly Epoch[]> {
    return (await this.liveKeys()).map(({ statement, endsAt }) => ({ number: statement.epoch, endsAt }));
  }

  /**
   * @param inputs 1 to `MAX_INPUTS`
   * @throws LocatorError a guardian's refusal, `GUARDIAN_REFUSED`, `GUARDIAN_UNAVAILABLE` or `GUARDIAN_PROOF_INVALID`
   */
  async tagsOf(inputs: readonly Uint8Array[], request: TagRequest, epochs: readonly number[]): Promise<readonly EpochTags[]> {
    const blinded = blindInputs(inputs);
    try {
      return await this.evaluate(blinded, request, await this.keysFor(epochs));
    } catch (error) {
      // The key was shared anew since we last heard of it.
      if (!(error instanceof LocatorError) || error.code !== 'KEY_OUTDATED' || !(await this.options.book.refresh())) throw unavailable(error);
      return await this.evaluate(blinded, request, await this.keysFor(epochs)).catch((again: unknown) => {
        throw unavailable(again);
      });
    }
  }

  /** Keys that are shared among the same guardians are asked for together. */
  private async evaluate(blinded: BlindedInputs, request: TagRequest, keys: readonly KnownKey[]): Promise<EpochTags[]> {
    const sets = new Map<string, KnownKey[]>();
    for (const key of keys) {
      const set = JSON.stringify([key.statement.guardians, key.statement.threshold]);
      sets.set(set, [...(sets.get(set) ?? []), key]);
    }
    const tags = (await Promise.all([...sets.values()].map((same) => this.evaluateTogether(blinded, request, same)))).flat();
    return keys.map(({ statement }) => tags.find(({ epoch }) => epoch === statement.epoch) as EpochTags);
  }

  private async evaluateTogether(blinded: BlindedInputs, request: TagRequest, keys: readonly KnownKey[]): Promise<EpochTags[]> {
    const [{ statement }] = keys as readonly [KnownKey];
    const question = {
      purpose: request.purpose,
      ...(request.clinician === undefined ? {} : { clinician: request.clinician }),
      keys: keys.map(({ statement: { epoch, version } }) => ({ epoch, version })),
      blinded: [...blinded.blinded],
    };
    const { answers, failures } = await askEnough(this.inOrder(statement.guardians), (guardian, signal) => this.ask(guardian, question, blinded, keys, signal), {
      needed: statement.threshold,
      pauseMilliseconds: HEDGE_MILLISECONDS,
      clock: this.options.clock,
    });
    if (answers.length < statement.threshold) throw failureOf(failures.map(({ error }) => error));
    return keys.map((key, at) => ({
      epoch: key.statement.epoch,
      tags: combineTags(blinded, answers.map(({ candidate, answer }) => ({ index: key.statement.guardians.indexOf(candidate) + 1, evaluated: (answer[at] as Evaluation).evaluated }))),
    }));
  }

  /** One guardian's verified evaluations, for each key one. */
  private async ask(guardian: string, question: EvaluationRequest, blinded: BlindedInputs, keys: readonly KnownKey[], signal: AbortSignal): Promise<readonly Evaluation[]> {
    const { logger, onBadProof, clock } = this.options;
    try {
      const evaluations = await this.request(guardian, question, signal);
      if (evaluations.length !== keys.length) throw new LocatorError('GUARDIAN_PROOF_INVALID', 'A guardian did not evaluate for each key.');
      keys.forEach(({ statement }, at) => {
        verifyEvaluation(blinded, evaluations[at] as Evaluation, elementBytes(statement.publicShares[statement.guardians.indexOf(guardian)] as string));
      });
      this.failedAt.delete(guardian);
      return evaluations;
    } catch (cause) {
      signal.throwIfAborted();
      const error = asLocatorError(cause);
      if (error.code === 'GUARDIAN_PROOF_INVALID') onBadProof?.(guardian);
      if (error.code !== 'KEY_OUTDATED') this.failedAt.set(guardian, clock.now().getTime());
      logger.warn('guardian-left-out', { guardian, code: error.code }, error);
      throw error;
    }
  }

  private async request(guardian: string, question: EvaluationRequest, signal: AbortSignal): Promise<readonly Evaluation[]> {
    const { channel } = this.options;
    try {
      return (await channel.request(EVALUATION_PROTOCOL, guardian, question, { signal })).evaluations;
    } catch (error) {
      if (refusalOf(error) !== 'ADMISSIONS_REQUIRED') throw error;
      await this.showAdmissions(guardian, signal);
      return (await channel.request(EVALUATION_PROTOCOL, guardian, question, { signal })).evaluations;
    }
  }

  private async showAdmissions(guardian: string, signal: AbortSignal): Promise<void> {
    const { channel, identity, admissions, clock, logger } = this.options;
    const { credited } = await channel.request(ADMISSIONS_PROTOCOL, guardian, { statement: await signAdmissions(await admissions(), identity, clock) }, { signal });
    logger.info('admissions-shown', { guardian, credited });
  }

  /** The keys of these epochs. @throws LocatorError `GUARDIAN_UNAVAILABLE` when one does not count now */
  private async keysFor(epochs: readonly number[]): Promise<KnownKey[]> {
    const live = await this.liveKeys();
    return epochs.map((epoch) => {
      const key = live.find(({ statement }) => statement.epoch === epoch);
      if (key === undefined) throw new LocatorError('GUARDIAN_UNAVAILABLE', 'The guardians have no key for this epoch; try again later.');
      return key;
    });
  }

  private async liveKeys(): Promise<KnownKey[]> {
    const { book } = this.options;
    const known = await book.live();
    if (known.length > 0) return known;
    await book.refresh();
    const fetched = await book.live();
    if (fetched.length === 0) throw new LocatorError('GUARDIAN_UNAVAILABLE', 'The guardians of this network have made no key yet; try again later.');
    return fetched;
  }

  /** Ourselves first, then in turn, and those that failed of late last. */
  private inOrder(guardians: readonly string[]): string[] {
    const { identity, clock } = this.options;
    this.turn += 1;
    const failedSince = clock.now().getTime() - AVOID_MILLISECONDS;
    const rank = (did: string): number => {
      if ((this.failedAt.get(did) ?? 0) > failedSince) return 2;
      return did === identity.did ? 0 : 1;
    };
    const turned = guardians.map((_, at) => guardians[(at + this.turn) % guardians.length] as string);
    return turned.sort((one, other) => rank(one) - rank(other));
  }
}

/** What a guardian tells, as long as it is one of the codes that guardians tell. */
function refusalOf(error: unknown): string | undefined {
  if (error instanceof LocatorError) return error.code;
  return error instanceof NetworkError && error.code === 'REMOTE_REFUSED' ? error.remoteCode : undefined;
}

function asLocatorError(cause: unknown): LocatorError {
  if (cause instanceof LocatorError) return cause;
  const told = refusalOf(cause);
  if (told === undefined) return new LocatorError('GUARDIAN_UNAVAILABLE', 'A guardian cannot be reached.', { cause });
  return new LocatorError(GUARDIAN_REFUSAL_CODES.find((code) => code === told) ?? 'GUARDIAN_REFUSED', 'A guardian refused to evaluate.', { cause });
}

/** The error that says most: what a guardian refused, before what it did wrong, before its silence. */
function failureOf(errors: readonly unknown[]): LocatorError {
  const failures = errors.map(asLocatorError);
  const outdated = failures.find(({ code }) => code === 'KEY_OUTDATED');
  const refused = failures.find(({ code }) => code !== 'GUARDIAN_UNAVAILABLE' && code !== 'GUARDIAN_PROOF_INVALID');
  const invalid = failures.find(({ code }) => code === 'GUARDIAN_PROOF_INVALID');
  return outdated ?? refused ?? invalid ?? new LocatorError('GUARDIAN_UNAVAILABLE', 'Too few guardians can be reached; try again later.', { cause: failures[0] });
}

function unavailable(error: unknown): unknown {
  if (!(error instanceof LocatorError) || error.code !== 'KEY_OUTDATED') return error;
  return new LocatorError('GUARDIAN_UNAVAILABLE', 'The guardians share their key anew; try again later.', { cause: error });
}
