import type { Clock, Logger, TransactionRunner } from '@carecord/core';
import type { LocalIdentity } from '@carecord/identity';
import { NetworkError } from '@carecord/network';
import { LocatorError } from '../locator-error.ts';
import { CeremonyStore } from './ceremony-store.ts';
import { checkDealing, checkShare, dealingOf, shareOf } from './dealing.ts';
import type { Dealing, DealingPlace } from './dealing.ts';
import { compareEcho, signEcho } from './echo.ts';
import type { GuardianChannel } from './guardian-channel.ts';
import type { Ceremony, GuardianSeal } from './guardian-seal.ts';
import type { KeyBook } from './key-book.ts';
import { KEY_ROUND_PROTOCOL } from './key-round-protocol.ts';
import type { KeyRoundRequest, KeyRoundResponse } from './key-round-protocol.ts';
import { elementBytes, hasSigned, indexOf, signKeyStatement } from './key-statement.ts';
import { leaderOf } from './key-target.ts';
import type { KeyTarget } from './key-target.ts';
import type { CeremonyPhase, GuardianStore, SigningKeysOf } from './ports.ts';
import { combineShares, echoOf, sharedKeyPayload } from './shared-key.ts';
import type { ReceivedDealing } from './shared-key.ts';

/** How long an attempt to share a key anew waits for the dealers that its leader named. */
const ATTEMPT_MILLISECONDS = 60_000;
/** How far the leader's time may be from ours: an attempt can take that long while somebody is away. */
const MAX_FROM_DIFFERENCE_MILLISECONDS = 24 * 60 * 60_000;

/** What a {@link KeyCeremony} needs. */
export interface CeremonyOptions {
  readonly identity: Pick<LocalIdentity, 'current' | 'did' | 'networkId'>;
  readonly store: GuardianStore;
  readonly seal: GuardianSeal;
  readonly book: KeyBook;
  readonly channel: GuardianChannel;
  readonly keysOf: SigningKeysOf;
  readonly transactions: TransactionRunner;
  readonly clock: Clock;
  readonly logger: Logger;
}

type Answers = ReadonlyMap<string, KeyRoundResponse>;
/** `again`: something was done, and the next step may be possible at once. */
type StepResult = 'again' | 'wait';
/** An answer that shows who spoils an attempt. */
class Spoiled extends Error {
  constructor(
    readonly culprits: readonly string[],
    reason: string,
    options?: ErrorOptions,
  ) {
    super(reason, options);
  }
}

/**
 * The making of a key by all its guardians: distributed key generation (Pedersen 1991, with proofs of knowledge as in Komlo and
 * Goldberg 2020), or a new sharing of a key (Desmedt and Jajodia 1997). Each guardian asks all others again and again for what
 * they have, and moves on alone:
 *
 * - `dealing`: a polynomial is chosen; with valid dealings of all that the attempt's leader names → `echoed`
 * - `echoed`: the share is kept, what was received is signed; with the same echo of every guardian → `complete`
 * - `complete`: the statement of the key is signed; with a threshold of signatures the key is in use
 *
 * Safety: who has given an attempt up never completes it, and who has completed one never echoes another; a key needs the echo of
 * every guardian, and the signature of at least one honest one. So an epoch has one key, whoever lies or crashes.
 */
export class KeyCeremony {
  private readonly ceremonies: CeremonyStore;
  private readonly steps: Readonly<Record<CeremonyPhase, (target: KeyTarget, ceremony: Ceremony, answers: Answers) => Promise<StepResult>>> = {
    dealing: (target, ceremony, answers) => this.collectDealings(target, ceremony, answers),
    echoed: (target, ceremony, answers) => this.collectEchoes(target, ceremony, answers),
    complete: (target, ceremony, answers) => this.collectSignatures(target, ceremony, answers),
  };

  constructor(private readonly options: CeremonyOptions) {
    this.ceremonies = new CeremonyStore(options.store, options.seal, options.transactions, options.clock);
  }

  /** Does what can be done now; repeating it does no harm. */
  async advance(target: KeyTarget): Promise<void> {
    if (!target.receivers.includes(this.did)) return;
    while ((await this.step(target)) === 'again');
  }

  /** What we have for another guardian. @throws LocatorError `NOT_ENTITLED`, `CEREMONY_UNKNOWN` */
  async answer(target: KeyTarget, request: KeyRoundRequest, asker: string): Promise<KeyRoundResponse> {
    const { receivers, dealers } = target;
    if (!receivers.includes(asker) && !dealers.includes(asker)) throw new LocatorError('NOT_ENTITLED', 'Only guardians take part in the making of a key.');
    let ceremony = await this.ceremonies.ensure(target, this.did);
    const isAhead = request.attempt > ceremony.attempt && ceremony.phase !== 'complete';
    if (isAhead) ceremony = (await this.ceremonies.restart(target, ceremony, this.did, { pause: false })) ?? ceremony;
    return request.attempt === ceremony.attempt ? this.contribution(target, ceremony, asker) : { attempt: ceremony.attempt };
  }

  private get did(): string {
    return this.options.identity.did;
  }

  private async step(target: KeyTarget): Promise<StepResult> {
    const { clock, logger } = this.options;
    const ceremony = await this.ceremonies.ensure(target, this.did);
    if (clock.now().getTime() < ceremony.content.notBefore) return 'wait';
    try {
      const answers = await this.ask(target, ceremony);
      const isBehind = ceremony.phase !== 'complete' && [...answers.values()].some(({ attempt }) => attempt > ceremony.attempt);
      if (isBehind) return (await this.ceremonies.restart(target, ceremony, this.did, { pause: false })) === undefined ? 'wait' : 'again';
      return await this.steps[ceremony.phase](target, ceremony, onlyOf(answers, ceremony.attempt));
    } catch (error) {
      if (!(error instanceof Spoiled)) throw error;
      const { epoch, version } = target;
      logger.error('guardian-ceremony-spoiled', { epoch, version, attempt: ceremony.attempt, suspects: error.culprits.join(' ') }, error);
      if (ceremony.phase !== 'complete') await this.ceremonies.restart(target, ceremony, this.did, { pause: true });
      return 'wait';
    }
  }

  /** Everybody's contributions, our own among them; who does not answer is missing. */
  private async ask(target: KeyTarget, ceremony: Ceremony): Promise<Answers> {
    const { channel, logger } = this.options;
    const { epoch, version, digest } = target;
    const answers = new Map<string, KeyRoundResponse>([[this.did, this.contribution(target, ceremony, this.did)]]);
    const others = [...new Set([...target.dealers, ...target.receivers])].filter((did) => did !== this.did);
    await Promise.all(
      others.map(async (did) => {
        try {
          answers.set(did, await channel.request(KEY_ROUND_PROTOCOL, did, { epoch, version, digest, attempt: ceremony.attempt }));
        } catch (error) {
          if (!(error instanceof NetworkError)) throw error;
          logger.info('guardian-not-there', { guardian: did, code: error.code, refusal: error.remoteCode ?? '' });
        }
      }),
    );
    return answers;
  }

  private contribution(target: KeyTarget, { attempt, content }: Ceremony, asker: string): KeyRoundResponse {
    const { polynomial, proposal, received, signature } = content;
    const index = indexOf(target.receivers, asker);
    const isDealer = polynomial.length > 0;
    return {
      attempt,
      ...(isDealer ? { dealing: dealingOf(polynomial, this.placeOf(target, attempt, this.did)) } : {}),
      ...(isDealer && index > 0 ? { share: shareOf(polynomial, index) } : {}),
      ...(proposal === undefined ? {} : { proposal }),
      ...(received === undefined ? {} : { echo: received.echo }),
      ...(signature === undefined ? {} : { signature }),
    };
  }

  private async collectDealings(target: KeyTarget, ceremony: Ceremony, answers: Answers): Promise<StepResult> {
    const dealings = this.checkDealings(target, ceremony.attempt, answers);
    const leader = leaderOf(target, ceremony.attempt);
    if (leader === this.did && ceremony.content.proposal === undefined) return await this.propose(target, ceremony, dealings);
    const proposal = answers.get(leader)?.proposal;
    const named = proposal && this.named(target, proposal, leader, dealings);
    if (proposal === undefined || named === undefined) return await this.waitForDealers(target, ceremony);

    const { identity } = this.options;
    const { from } = proposal;
    const share = combineShares(target, named);
    const payload = this.payloadOf(target, named, leader, from);
    const echo = await signEcho(echoOf(target, identity.networkId, ceremony.attempt, named, from), identity);
    return resultOf(await this.ceremonies.move(ceremony, 'echoed', { received: { share, payload, echo } }));
  }

  /**
   * The dealings that are there. Where a key is shared anew, what does not fit together is left out, as others may be enough: whoever is
   * no longer to be a guardian cannot keep its place by that.
   * @throws Spoiled when a new key, which needs all of them, cannot be made with one
   */
  private checkDealings(target: KeyTarget, attempt: number, answers: Answers): ReceivedDealing[] {
    const own = indexOf(target.receivers, this.did);
    return target.dealers.flatMap((dealer, at) => {
      const answer = answers.get(dealer);
      if (answer?.dealing === undefined || answer.share === undefined) return [];
      const received = { index: at + 1, dealing: answer.dealing, share: answer.share };
      try {
        this.checkDealing(target, attempt, received, dealer);
        checkShare(received.dealing, own, received.share);
      } catch (cause) {
        if (target.former === undefined) throw new Spoiled([dealer], 'A dealing does not fit together.', { cause });
        const { epoch, version } = target;
        this.options.logger.error('guardian-dealing-left-out', { epoch, version, attempt, suspect: dealer }, cause);
        return [];
      }
      return [received];
    });
  }

  private checkDealing(target: KeyTarget, attempt: number, { dealing, index }: { readonly dealing: Dealing; readonly index: number }, dealer: string): void {
    const { former, threshold } = target;
    const expected = former?.publicShares[index - 1];
    checkDealing(dealing, threshold, this.placeOf(target, attempt, dealer), expected === undefined ? undefined : elementBytes(expected));
  }

  private async propose(target: KeyTarget, ceremony: Ceremony, dealings: readonly ReceivedDealing[]): Promise<StepResult> {
    if (dealings.length < target.dealersNeeded) return await this.waitForDealers(target, ceremony);
    // Others in each attempt: what one of them deals to the leader may be good, and what it deals to others not.
    const first = ceremony.attempt % dealings.length;
    const inTurn = [...dealings.slice(first), ...dealings.slice(0, first)].slice(0, target.dealersNeeded);
    const dealers = inTurn.map(({ index }) => index).sort((one, other) => one - other);
    return resultOf(await this.ceremonies.move(ceremony, 'dealing', { proposal: { dealers, from: this.options.clock.now().getTime() } }));
  }

  /** The dealings that the leader named, once they are all there. @throws Spoiled when it named others than it may */
  private named(target: KeyTarget, proposal: NonNullable<KeyRoundResponse['proposal']>, leader: string, dealings: readonly ReceivedDealing[]): ReceivedDealing[] | undefined {
    const { dealers, from } = proposal;
    const isAllowed = dealers.length === target.dealersNeeded && dealers.every((index, at) => index <= target.dealers.length && index > (dealers[at - 1] ?? 0));
    const isTimely = Math.abs(from - this.options.clock.now().getTime()) <= MAX_FROM_DIFFERENCE_MILLISECONDS;
    if (!isAllowed || !isTimely) throw new Spoiled([leader], 'The leader proposed what it may not.');
    const named = dealings.filter(({ index }) => dealers.includes(index));
    return named.length === dealers.length ? named : undefined;
  }

  /** @throws Spoiled when the dealings, each valid, give together what is no key: a share that everybody would know */
  private payloadOf(target: KeyTarget, named: readonly ReceivedDealing[], leader: string, from: number): string {
    try {
      return sharedKeyPayload(target, this.options.identity.networkId, named, from);
    } catch (cause) {
      if (!(cause instanceof LocatorError)) throw cause;
      throw new Spoiled([leader, ...named.map(({ index }) => target.dealers[index - 1] as string)], 'The dealings give no key together.', { cause });
    }
  }

  /** A new key needs everybody; one that is shared anew can do without some of those who have it. */
  private async waitForDealers(target: KeyTarget, ceremony: Ceremony): Promise<StepResult> {
    const isOver = this.options.clock.now().getTime() > ceremony.content.startedAt + ATTEMPT_MILLISECONDS;
    if (target.former !== undefined && isOver) await this.ceremonies.restart(target, ceremony, this.did, { pause: false });
    return 'wait';
  }

  private async collectEchoes(target: KeyTarget, ceremony: Ceremony, answers: Answers): Promise<StepResult> {
    const { identity, keysOf, logger } = this.options;
    const received = receivedOf(ceremony);
    const leader = leaderOf(target, ceremony.attempt);
    let same = 0;
    for (const guardian of target.receivers) {
      const echo = answers.get(guardian)?.echo;
      if (echo === undefined) continue;
      const verdict = guardian === this.did ? ({ kind: 'same' } as const) : await compareEcho(received.echo, echo, guardian, leader, keysOf);
      if (verdict.kind === 'different') throw new Spoiled([guardian, ...verdict.suspects], 'Two guardians were told different things.');
      // Its keys may have changed a moment ago: an attempt that somebody else may have completed is not given up for that.
      if (verdict.kind === 'invalid') logger.warn('guardian-echo-invalid', { guardian });
      else same += 1;
    }
    if (same < target.receivers.length) return 'wait';
    return resultOf(await this.ceremonies.move(ceremony, 'complete', { signature: await signKeyStatement(received.payload, identity) }));
  }

  private async collectSignatures(target: KeyTarget, ceremony: Ceremony, answers: Answers): Promise<StepResult> {
    const { book, keysOf } = this.options;
    const { payload } = receivedOf(ceremony);
    const signatures = [];
    for (const guardian of target.receivers) {
      const signature = answers.get(guardian)?.signature;
      if (signature?.guardian === guardian && (await hasSigned(payload, signature, keysOf))) signatures.push(signature);
    }
    if (signatures.length >= target.threshold) await book.offer({ payload, signatures });
    return 'wait';
  }

  private placeOf({ epoch, version }: KeyTarget, attempt: number, dealer: string): DealingPlace {
    return { networkId: this.options.identity.networkId, epoch, version, attempt, dealer };
  }
}

function onlyOf(answers: Answers, attempt: number): Answers {
  return new Map([...answers].filter(([, answer]) => answer.attempt === attempt));
}

function receivedOf({ content: { received } }: Ceremony): NonNullable<Ceremony['content']['received']> {
  if (received === undefined) throw new Error('Nothing was received in this ceremony.');
  return received;
}

function resultOf(moved: Ceremony | undefined): StepResult {
  return moved === undefined ? 'wait' : 'again';
}
