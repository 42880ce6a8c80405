import type { Clock, TransactionRunner } from '@carecord/core';
import { newPolynomial } from './dealing.ts';
import { decodeScalar } from './group.ts';
import type { Ceremony, CeremonyContent, GuardianSeal } from './guardian-seal.ts';
import type { KeyTarget } from './key-target.ts';
import type { CeremonyPhase, GuardianStore, KeyName } from './ports.ts';

/** The pause after an attempt that went wrong: doubled each time, as whoever spoils one may spoil the next. */
const RETRY_MILLISECONDS = 2_000;
const MAX_RETRY_MILLISECONDS = 10 * 60_000;
const MAX_DOUBLINGS = 10;

/**
 * A guardian's ceremonies at rest. Each change is committed only over the attempt and phase that it was made from, so of two
 * replicas at work one wins, and after a crash the ceremony goes on where it was, with the same polynomial.
 */
export class CeremonyStore {
  constructor(
    private readonly store: GuardianStore,
    private readonly seal: GuardianSeal,
    private readonly transactions: TransactionRunner,
    private readonly clock: Clock,
  ) {}

  /** The ceremony, begun if it was not yet. @param did ourselves */
  async ensure(target: KeyTarget, did: string): Promise<Ceremony> {
    const known = await this.find(target);
    if (known !== undefined) return known;
    const begun: Ceremony = { ...nameOf(target), attempt: 0, phase: 'dealing', content: await this.newContent(target, did, 0) };
    await this.transactions.run((transaction) => this.store.beginCeremony(transaction, this.seal.sealCeremony(begun)));
    // That of another replica, perhaps.
    return (await this.find(target)) ?? begun;
  }

  async find(name: KeyName): Promise<Ceremony | undefined> {
    const stored = await this.store.ceremony(nameOf(name));
    return stored && this.seal.openCeremony(stored);
  }

  /** Goes on in the same attempt. @returns `undefined` when the ceremony has moved meanwhile */
  async move(ceremony: Ceremony, phase: CeremonyPhase, change: Partial<CeremonyContent>): Promise<Ceremony | undefined> {
    return await this.replace(ceremony, { ...ceremony, phase, content: { ...ceremony.content, ...change } });
  }

  /**
   * Gives an attempt up for the next one, with a polynomial of its own: nothing of the one before is ever completed.
   * @param pause whether it went wrong, rather than that others are ahead
   */
  async restart(target: KeyTarget, ceremony: Ceremony, did: string, { pause }: { readonly pause: boolean }): Promise<Ceremony | undefined> {
    const attempt = ceremony.attempt + 1;
    const content = await this.newContent(target, did, pause ? pauseAfter(attempt) : 0);
    return await this.replace(ceremony, { ...nameOf(target), attempt, phase: 'dealing', content });
  }

  private async replace(before: Ceremony, next: Ceremony): Promise<Ceremony | undefined> {
    const replaced = await this.transactions.run((transaction) => this.store.replaceCeremony(transaction, this.seal.sealCeremony(next), before));
    return replaced ? next : undefined;
  }

  private async newContent(target: KeyTarget, did: string, pause: number): Promise<CeremonyContent> {
    const now = this.clock.now().getTime();
    return { polynomial: await this.newPolynomial(target, did), startedAt: now + pause, notBefore: now + pause };
  }

  private async newPolynomial({ dealers, former, threshold }: KeyTarget, did: string): Promise<Uint8Array[]> {
    if (!dealers.includes(did)) return [];
    if (former === undefined) return newPolynomial(threshold);
    const stored = await this.store.share({ epoch: former.epoch, version: former.version });
    // One that has lost its share deals nothing, and gets a new one from the others.
    if (stored === undefined) return [];
    const share = this.seal.openShare(stored);
    try {
      return newPolynomial(threshold, decodeScalar(share));
    } finally {
      share.fill(0);
    }
  }
}

function nameOf({ epoch, version }: KeyName): KeyName {
  return { epoch, version };
}

function pauseAfter(attempt: number): number {
  return Math.min(MAX_RETRY_MILLISECONDS, RETRY_MILLISECONDS * 2 ** Math.min(attempt - 1, MAX_DOUBLINGS));
}
