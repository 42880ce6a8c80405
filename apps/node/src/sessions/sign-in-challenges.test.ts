import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { ManualClock, MemorySignInChallengeStore, MemoryTransactions } from '@carecord/testkit';
import { CHALLENGE_MILLISECONDS, SignInChallenges } from './sign-in-challenges.ts';

const stateSchema = z.object({ nonce: z.string() });
const state = { nonce: 'a-secret-nonce' };

function challengesOf(sealingKey = new Uint8Array(32).fill(1), store = new MemorySignInChallengeStore(new MemoryTransactions())) {
  const clock = new ManualClock();
  return { clock, store, challenges: new SignInChallenges({ challenges: store, sealingKey, clock }) };
}

describe('SignInChallenges', () => {
  it('gives back once what was begun', async () => {
    const { challenges } = challengesOf();
    const token = await challenges.begin('openid', state, { staffId: 'one' });
    expect(await challenges.take('openid', token, stateSchema)).toMatchObject({ state, staffId: 'one' });
    expect(await challenges.take('openid', token, stateSchema)).toBeUndefined();
  });

  it('gives nothing for another kind, after its time, or for what is no token', async () => {
    const { challenges, clock } = challengesOf();
    const token = await challenges.begin('openid', state);
    expect(await challenges.take('step-up', token, stateSchema)).toBeUndefined();
    for (const other of ['', 'x', `${token}A`]) expect(await challenges.take('openid', other, stateSchema)).toBeUndefined();
    clock.advance(CHALLENGE_MILLISECONDS);
    expect(await challenges.take('openid', token, stateSchema)).toBeUndefined();
    expect(await challenges.removeExpired()).toBe(1);
  });

  it('puts back what was answered wrongly, with its end as it was', async () => {
    const { challenges, clock } = challengesOf();
    const token = await challenges.begin('openid', state);
    clock.advance(CHALLENGE_MILLISECONDS - 1);
    const taken = await challenges.take('openid', token, stateSchema);
    if (taken === undefined) throw new Error('It was there.');
    await challenges.putBack('openid', token, taken);
    expect(await challenges.take('openid', token, stateSchema)).toEqual(taken);
    await challenges.putBack('openid', token, taken);
    clock.advance(1);
    expect(await challenges.take('openid', token, stateSchema)).toBeUndefined();
  });

  it('keeps neither the token nor the state in the open, and opens nothing sealed by another key', async () => {
    const { challenges, store } = challengesOf();
    const token = await challenges.begin('openid', state);
    const kept = store.rows().map(({ tokenHash, sealed }) => Buffer.concat([tokenHash, sealed]));
    expect(Buffer.concat(kept).includes(Buffer.from(token, 'base64url'))).toBe(false);
    expect(Buffer.concat(kept).includes('a-secret-nonce')).toBe(false);
    const other = challengesOf(new Uint8Array(32).fill(2), store);
    await expect(other.challenges.take('openid', token, stateSchema)).rejects.toMatchObject({ code: 'OPEN_FAILED' });
  });
});
