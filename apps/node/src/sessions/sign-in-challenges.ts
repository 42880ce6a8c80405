import type { z } from 'zod';
import type { Clock, Transaction } from '@carecord/core';
import { later } from '@carecord/core';
import { open, seal } from '@carecord/crypto';
import type { SignInChallengeStore } from '@carecord/storage';
import { hashOfToken, newToken } from './session-token.ts';

/** What can be under way: each kind is taken by the operation that it was made for alone. */
export type ChallengeKind = 'second-factor' | 'own-password' | 'passkey-sign-in' | 'passkey-registration' | 'step-up' | 'openid';

/** A person finds the phone or the key in this time; who stole a token has no more. */
export const CHALLENGE_MILLISECONDS = 5 * 60_000;

const CONTEXT = 'node/sign-in-challenge';

/** A challenge that was taken. */
export interface TakenChallenge<State> {
  readonly state: State;
  readonly staffId: string | undefined;
  readonly expiresAt: Date;
}

/**
 * Sign-ins under way: a random token for the client, and with us the hash of the token and what has to be known when it goes
 * on, sealed. Each token works once, for a few minutes, for one kind of operation, at every replica of this node.
 */
export class SignInChallenges {
  constructor(private readonly dependencies: { readonly challenges: SignInChallengeStore; readonly sealingKey: Uint8Array; readonly clock: Clock }) {}

  /** Begins something. @returns the token, 32 random bytes as base64url: good as a WebAuthn challenge or an OpenID state, too */
  async begin(kind: ChallengeKind, state: unknown, options: { readonly staffId?: string; readonly expiresAt?: Date } = {}): Promise<string> {
    const { token } = newToken();
    await this.put(kind, token, state, options);
    return token;
  }

  /** Takes what was begun: undefined when the token is unknown, over, was taken before, or is of another kind. */
  async take<State>(kind: ChallengeKind, token: string, schema: z.ZodType<State>): Promise<TakenChallenge<State> | undefined> {
    const tokenHash = hashOfToken(token);
    if (tokenHash === undefined) return undefined;
    const stored = await this.dependencies.challenges.take(tokenHash, kind, this.dependencies.clock.now());
    if (stored === undefined) return undefined;
    const opened = open(this.dependencies.sealingKey, stored.sealed, CONTEXT, bindingOf(kind, tokenHash));
    const state = schema.parse(JSON.parse(Buffer.from(opened).toString('utf8')));
    return { state, staffId: stored.staffId, expiresAt: stored.expiresAt };
  }

  /** Puts a challenge back that was taken for an answer which was wrong: somebody who mistypes need not begin anew. Its end stays. */
  async putBack<State>(kind: ChallengeKind, token: string, { state, staffId, expiresAt }: TakenChallenge<State>): Promise<void> {
    await this.put(kind, token, state, { expiresAt, ...(staffId === undefined ? {} : { staffId }) });
  }

  /** Ends what a person has under way; returns how much it was. */
  async removeOfStaff(transaction: Transaction, staffId: string): Promise<number> {
    return await this.dependencies.challenges.removeOfStaff(transaction, staffId);
  }

  /** Deletes what is over. */
  async removeExpired(): Promise<number> {
    return await this.dependencies.challenges.removeExpired(this.dependencies.clock.now());
  }

  private async put(kind: ChallengeKind, token: string, state: unknown, { staffId, expiresAt }: { readonly staffId?: string; readonly expiresAt?: Date }): Promise<void> {
    const tokenHash = hashOfToken(token);
    if (tokenHash === undefined) return;
    const now = this.dependencies.clock.now();
    await this.dependencies.challenges.insert({
      tokenHash,
      kind,
      ...(staffId === undefined ? {} : { staffId }),
      sealed: seal(this.dependencies.sealingKey, Buffer.from(JSON.stringify(state), 'utf8'), CONTEXT, bindingOf(kind, tokenHash)),
      createdAt: now,
      expiresAt: expiresAt ?? later(now, CHALLENGE_MILLISECONDS),
    });
  }
}

function bindingOf(kind: ChallengeKind, tokenHash: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(kind, 'utf8'), tokenHash]);
}
