import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomKey } from '@carecord/crypto';
import { ManualClock, MemoryDidHistoryStore, MemoryStatusListStore } from '@carecord/testkit';
import { proveWithEd25519 } from '../did/data-integrity.ts';
import { addWitnessProofs } from '../did/did-witness.ts';
import { makeIdentity, START } from '../identities.fixture.ts';
import type { Identity } from '../identities.fixture.ts';
import type { HandshakePolicy } from './handshake.ts';
import { makePolicy, makeSide, runScene } from './scene.fixture.ts';
import type { Side } from './scene.fixture.ts';

let authority: Identity;
let victim: Side;
let stranger: Side;
let b: Side;
let seenByB: MemoryDidHistoryStore;
let policyOfA: HandshakePolicy;
let policyOfB: HandshakePolicy;

beforeAll(async () => {
  authority = await makeIdentity('authority');
  [victim, b, stranger] = await Promise.all(['a', 'b', 's'].map(async (name) => makeSide(await makeIdentity(name), [authority]))) as [Side, Side, Side];
});
beforeEach(() => {
  const clock = new ManualClock(START);
  seenByB = new MemoryDidHistoryStore();
  const policy = (didHistories: MemoryDidHistoryStore): HandshakePolicy => makePolicy([authority], { clock, didHistories, statusLists: new MemoryStatusListStore() });
  [policyOfA, policyOfB] = [policy(new MemoryDidHistoryStore()), policy(seenByB)];
});

describe('who copied a member’s credentials and history', () => {
  it('does not choose what is remembered of that member', async () => {
    const { did, versionId, log } = victim.local.resolved;
    // As good a history as the member's own, and larger: anybody can witness.
    const padded = addWitnessProofs(log, [{ versionId, proof: [proveWithEd25519({ versionId }, randomKey(), '2025-12-31T00:00:00Z')] }]);
    const copied: Side = { ...stranger, local: { ...victim.local, signer: stranger.local.signer, resolved: { ...victim.local.resolved, log: padded } } };
    const scene = { responder: b, initiatorPolicy: policyOfA, responderPolicy: policyOfB };
    expect((await runScene({ initiator: copied, ...scene })).responder).toBe('HANDSHAKE_SIGNATURE');
    expect(await seenByB.find(did)).toBeUndefined();
    expect((await runScene({ initiator: victim, ...scene })).responder).toMatchObject({ did });
    expect(await seenByB.find(did)).toMatchObject({ history: log });
  });
});
