import { toHex } from '@carecord/core';
import type { Transaction } from '@carecord/core';
import type { PasskeyStore, RecoveryCodeStore, SignInChallengeStore, SignInFailureStore, StoredPasskey, StoredSignInChallenge } from '@carecord/storage';
import { clone } from './clone.ts';
import { MemoryState } from './transactions.ts';
import type { MemoryTransactions } from './transactions.ts';

/** Passkeys in memory. */
export class MemoryPasskeyStore implements PasskeyStore {
  private readonly state = new MemoryState<Map<string, StoredPasskey>>(new Map(), (rows) => new Map(rows));

  constructor(private readonly transactions: MemoryTransactions) {}

  find(credentialId: Uint8Array): Promise<StoredPasskey | undefined> {
    return Promise.resolve(clone(this.state.read().get(toHex(credentialId))));
  }

  listOfStaff(staffId: string): Promise<StoredPasskey[]> {
    const passkeys = [...this.state.read().values()].filter((passkey) => passkey.staffId === staffId);
    return Promise.resolve(clone(passkeys.sort((left, right) => left.createdAt.getTime() - right.createdAt.getTime())));
  }

  insert(transaction: Transaction, passkey: StoredPasskey): Promise<'inserted' | 'taken'> {
    const passkeys = this.state.write(transaction);
    if (passkeys.has(toHex(passkey.credentialId))) return Promise.resolve('taken');
    passkeys.set(toHex(passkey.credentialId), clone(passkey));
    return Promise.resolve('inserted');
  }

  noteUse(credentialId: Uint8Array, { from, to, at }: { readonly from: number; readonly to: number; readonly at: Date }): Promise<boolean> {
    return this.transactions.run((transaction) => {
      const passkey = this.state.read(transaction).get(toHex(credentialId));
      if (passkey?.signCount !== from) return Promise.resolve(false);
      this.state.write(transaction).set(toHex(credentialId), { ...passkey, signCount: to, lastUsedAt: clone(at) });
      return Promise.resolve(true);
    });
  }

  remove(transaction: Transaction, staffId: string, credentialId: Uint8Array): Promise<boolean> {
    if (this.state.read(transaction).get(toHex(credentialId))?.staffId !== staffId) return Promise.resolve(false);
    return Promise.resolve(this.state.write(transaction).delete(toHex(credentialId)));
  }

  removeOfStaff(transaction: Transaction, staffId: string): Promise<number> {
    const passkeys = this.state.write(transaction);
    const own = [...passkeys.values()].filter((passkey) => passkey.staffId === staffId);
    for (const { credentialId } of own) passkeys.delete(toHex(credentialId));
    return Promise.resolve(own.length);
  }
}

interface RecoveryCode {
  readonly staffId: string;
  readonly used: boolean;
}

/** Recovery codes in memory. */
export class MemoryRecoveryCodeStore implements RecoveryCodeStore {
  private readonly state = new MemoryState<Map<string, RecoveryCode>>(new Map(), (rows) => new Map(rows));

  constructor(private readonly transactions: MemoryTransactions) {}

  replace(transaction: Transaction, staffId: string, codeHashes: readonly Uint8Array[]): Promise<void> {
    const codes = this.state.write(transaction);
    for (const [key, code] of [...codes]) if (code.staffId === staffId) codes.delete(key);
    for (const codeHash of codeHashes) codes.set(toHex(codeHash), { staffId, used: false });
    return Promise.resolve();
  }

  use(staffId: string, codeHash: Uint8Array): Promise<boolean> {
    return this.transactions.run((transaction) => {
      const code = this.state.read(transaction).get(toHex(codeHash));
      if (code === undefined || code.used || code.staffId !== staffId) return Promise.resolve(false);
      this.state.write(transaction).set(toHex(codeHash), { ...code, used: true });
      return Promise.resolve(true);
    });
  }

  count(staffId: string): Promise<number> {
    return Promise.resolve([...this.state.read().values()].filter((code) => code.staffId === staffId && !code.used).length);
  }
}

/** Sign-ins under way in memory. */
export class MemorySignInChallengeStore implements SignInChallengeStore {
  private readonly state = new MemoryState<Map<string, StoredSignInChallenge>>(new Map(), (rows) => new Map(rows));

  constructor(private readonly transactions: MemoryTransactions) {}

  insert(challenge: StoredSignInChallenge): Promise<void> {
    return this.transactions.run((transaction) => {
      this.state.write(transaction).set(toHex(challenge.tokenHash), clone(challenge));
      return Promise.resolve();
    });
  }

  take(tokenHash: Uint8Array, kind: string, now: Date): Promise<StoredSignInChallenge | undefined> {
    return this.transactions.run((transaction) => {
      const challenge = this.state.read(transaction).get(toHex(tokenHash));
      if (challenge === undefined || challenge.kind !== kind || challenge.expiresAt <= now) return Promise.resolve(undefined);
      this.state.write(transaction).delete(toHex(tokenHash));
      return Promise.resolve(clone(challenge));
    });
  }

  removeOfStaff(transaction: Transaction, staffId: string): Promise<number> {
    return Promise.resolve(this.removeWhere(transaction, (challenge) => challenge.staffId === staffId));
  }

  removeExpired(now: Date): Promise<number> {
    return this.transactions.run((transaction) => Promise.resolve(this.removeWhere(transaction, ({ expiresAt }) => expiresAt <= now)));
  }

  /** Every stored row. */
  rows(): StoredSignInChallenge[] {
    return [...this.state.read().values()];
  }

  private removeWhere(transaction: Transaction, matches: (challenge: StoredSignInChallenge) => boolean): number {
    const challenges = this.state.write(transaction);
    const matching = [...challenges.values()].filter(matches);
    for (const { tokenHash } of matching) challenges.delete(toHex(tokenHash));
    return matching.length;
  }
}

interface Failures {
  readonly count: number;
  readonly lastAt: Date;
  readonly announced: boolean;
}

/** Failed attempts in memory. */
export class MemorySignInFailureStore implements SignInFailureStore {
  private readonly failures = new Map<string, Failures>();

  attempt(subjectToken: Uint8Array, { limit, now, forgetBefore }: { readonly limit: number; readonly now: Date; readonly forgetBefore: Date }): Promise<'open' | 'locked'> {
    const known = this.failures.get(toHex(subjectToken));
    const current = known !== undefined && known.lastAt > forgetBefore ? known : { count: 0, lastAt: now, announced: false };
    if (current.count >= limit) return Promise.resolve('locked');
    this.failures.set(toHex(subjectToken), { ...current, count: current.count + 1, lastAt: clone(now) });
    return Promise.resolve('open');
  }

  announce(subjectToken: Uint8Array): Promise<boolean> {
    const failures = this.failures.get(toHex(subjectToken));
    if (failures === undefined || failures.announced) return Promise.resolve(false);
    this.failures.set(toHex(subjectToken), { ...failures, announced: true });
    return Promise.resolve(true);
  }

  clear(subjectToken: Uint8Array): Promise<void> {
    this.failures.delete(toHex(subjectToken));
    return Promise.resolve();
  }

  removeOlder(before: Date): Promise<number> {
    const old = [...this.failures].filter(([, { lastAt }]) => lastAt < before);
    for (const [key] of old) this.failures.delete(key);
    return Promise.resolve(old.length);
  }

  /** What was attempted, as it is kept. */
  subjects(): string[] {
    return [...this.failures.keys()];
  }
}
