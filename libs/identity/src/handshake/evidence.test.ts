import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeWire, later } from '@carecord/core';
import { ManualClock, MemoryDidHistoryStore, MemoryStatusListStore } from '@carecord/testkit';
import { makeIdentity, rotateIdentity, START } from '../identities.fixture.ts';
import type { Identity } from '../identities.fixture.ts';
import { listOf } from '../members.fixture.ts';
import { KnownEvidence, ownEvidence } from './evidence.ts';
import type { HandshakePolicy } from './handshake.ts';
import { MAX_PROOF_BYTES, proofSchema } from './messages.ts';
import { changeHello, changeProof, makePolicy, makeSide, runScene } from './scene.fixture.ts';
import type { Message, Outcome, Scene, Side } from './scene.fixture.ts';

let clock: ManualClock;
let authority: Identity;
let a: Side;
let b: Side;
let policyOfA: HandshakePolicy;
let policyOfB: HandshakePolicy;

/** Of an end that remembers what it was shown. */
const remembering = (): HandshakePolicy => ({
  ...makePolicy([authority], { clock, didHistories: new MemoryDidHistoryStore(), statusLists: new MemoryStatusListStore() }),
  evidence: new KnownEvidence(),
});
const run = (scene: Partial<Scene> = {}): Promise<Outcome> => runScene({ initiator: a, responder: b, initiatorPolicy: policyOfA, responderPolicy: policyOfB, ...scene });
const shows = (proof: Message | undefined): boolean => decodeWire(proofSchema, proof ?? new Uint8Array(), MAX_PROOF_BYTES).evidence !== undefined;
/** Whether each end's proof brought its evidence along. */
const shown = ({ sent }: Outcome): boolean[] => [shows(sent.initiator[1]), shows(sent.responder[1])];
const didsOf = ({ initiator, responder }: Outcome): unknown[] => [initiator, responder].map((end) => (typeof end === 'string' ? end : end.did));

beforeAll(async () => {
  authority = await makeIdentity('authority');
  [a, b] = await Promise.all([makeSide(await makeIdentity('a'), [authority]), makeSide(await makeIdentity('b'), [authority])]);
});
beforeEach(() => {
  clock = new ManualClock(START);
  [policyOfA, policyOfB] = [remembering(), remembering()];
});

describe('the evidence of a member', () => {
  it('is sent once, and both are let in by what they remember', async () => {
    const members = [b.local.resolved.did, a.local.resolved.did];
    const first = await run();
    expect([shown(first), didsOf(first)]).toEqual([[true, true], members]);
    const second = await run();
    expect([shown(second), didsOf(second)]).toEqual([[false, false], members]);
  });

  it('is sent to the end alone that does not know it', async () => {
    await run();
    policyOfA = remembering();
    expect(shown(await run())).toEqual([false, true]);
    policyOfB = { ...policyOfB, evidence: new KnownEvidence() };
    expect(shown(await run())).toEqual([true, false]);
  });

  it('is sent each time between ends that remember nothing', async () => {
    const { evidence: _a, ...forgetfulA } = policyOfA;
    const { evidence: _b, ...forgetfulB } = policyOfB;
    for (let time = 0; time < 2; time++) expect(shown(await run({ initiatorPolicy: forgetfulA, responderPolicy: forgetfulB }))).toEqual([true, true]);
  });

  it('is sent anew when the keys, a credential or a list have changed', async () => {
    await run();
    const rotated = await rotateIdentity(a.identity, { keepPrevious: true });
    const list = await listOf(authority, [], later(START, 1_000));
    clock.advance(2_000);
    for (const local of [{ ...a.local, statusLists: [list] }, { ...a.local, resolved: rotated.resolved, signer: rotated.signer }]) {
      const changed = { ...a, local };
      expect(shown(await run({ initiator: changed }))).toEqual([true, false]);
      expect(shown(await run({ initiator: changed }))).toEqual([false, false]);
    }
  });

  it('that is remembered lets nobody in who was removed since, or whose time is over', async () => {
    await run();
    clock.advance(60_000);
    await policyOfB.statuses.offer(await listOf(authority, [{ index: 0, revoked: true, suspended: false }], later(START, 60_000)));
    const { responder, sent } = await run();
    expect([responder, shows(sent.initiator[1])]).toEqual(['HANDSHAKE_REVOKED', false]);
    clock.advance(25 * 3_600_000);
    expect((await run({ initiator: b, responder: a, initiatorPolicy: policyOfB, responderPolicy: policyOfA })).responder).toBe('HANDSHAKE_CREDENTIAL_EXPIRED');
  });

  it('proves nothing without the keys', async () => {
    await run();
    const thief: Side = { ...a, local: { ...a.local, signer: b.local.signer } };
    expect((await run({ initiator: thief })).responder).toBe('HANDSHAKE_SIGNATURE');
  });

  it('of somebody who was not let in is not remembered', async () => {
    const thief: Side = { ...a, local: { ...a.local, signer: b.local.signer } };
    expect((await run({ initiator: thief })).responder).toBe('HANDSHAKE_SIGNATURE');
    expect(policyOfB.evidence?.find(ownEvidence(thief.local).digest)).toBeUndefined();
    expect(shown(await run())).toEqual([true, true]);
  });

  it('must be what the hello announced', async () => {
    const another = ownEvidence(b.local);
    expect((await run({ fromInitiator: changeHello({ evidence: another.digest }) })).responder).toBe('HANDSHAKE_MALFORMED');
    expect((await run({ fromInitiator: changeProof((proof) => ({ ...proof, evidence: another.encoded })) })).responder).toBe('HANDSHAKE_MALFORMED');
  });

  it('cannot be left out by who is not known, nor by a peer that was told so falsely', async () => {
    expect((await run({ fromInitiator: changeProof(({ evidence: _left, ...proof }) => proof) })).responder).toBe('HANDSHAKE_MALFORMED');
    expect((await run({ fromResponder: changeHello({ knowsEvidence: true }) })).responder).toBe('HANDSHAKE_MALFORMED');
    // Without evidence on its way nothing is left but the signatures, which are over the hellos as they were sent.
    await run();
    expect((await run({ fromResponder: changeHello({ knowsEvidence: false }) })).responder).toBe('HANDSHAKE_SIGNATURE');
  });
});
