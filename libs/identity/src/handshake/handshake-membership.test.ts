import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { later } from '@carecord/core';
import { ManualClock, MemoryDidHistoryStore, MemoryStatusListStore } from '@carecord/testkit';
import { END, makeIdentity, rotateIdentity, START } from '../identities.fixture.ts';
import type { Identity } from '../identities.fixture.ts';
import { CLOCK_SKEW_MILLISECONDS } from '../limits.ts';
import { certify, listOf } from '../members.fixture.ts';
import type { HandshakePolicy } from './handshake.ts';
import { changeProof, makePolicy, makeSide, runScene } from './scene.fixture.ts';
import type { Outcome, Scene, Side } from './scene.fixture.ts';

let authority: Identity;
let a: Side;
let b: Side;
let clock: ManualClock;
let policyOfA: HandshakePolicy;
let policyOfB: HandshakePolicy;
/** The DIDs that b remembers. */
let seenByB: MemoryDidHistoryStore;

/** Hospital a dials hospital b, unless told otherwise. */
const run = (scene: Partial<Scene> = {}): Promise<Outcome> =>
  runScene({ initiator: a, responder: b, initiatorPolicy: policyOfA, responderPolicy: policyOfB, ...scene });

/** Of an end that has seen nothing yet. */
const freshPolicy = (options: { readonly authorities?: readonly Identity[]; readonly threshold?: number; readonly didHistories?: MemoryDidHistoryStore } = {}): HandshakePolicy => {
  const { authorities = [authority], threshold = 1, didHistories = new MemoryDidHistoryStore() } = options;
  return makePolicy(authorities, { clock, threshold, didHistories, statusLists: new MemoryStatusListStore() });
};

beforeAll(async () => {
  authority = await makeIdentity('authority');
  [a, b] = await Promise.all([makeSide(await makeIdentity('a'), [authority]), makeSide(await makeIdentity('b'), [authority])]);
});
beforeEach(() => {
  clock = new ManualClock(START);
  seenByB = new MemoryDidHistoryStore();
  [policyOfA, policyOfB] = [freshPolicy(), freshPolicy({ didHistories: seenByB })];
});

describe('membership in the handshake', () => {
  it('none: HANDSHAKE_NO_CREDENTIAL', async () => {
    const { responder, sent } = await run({ initiator: { ...a, local: { ...a.local, credentials: [] } } });
    expect(responder).toBe('HANDSHAKE_NO_CREDENTIAL');
    expect(sent.responder).toHaveLength(1);
  });

  it.each<[string, string, () => Promise<Side>]>([
    ['one of another subject', 'HANDSHAKE_CREDENTIAL', () => Promise.resolve({ ...a, local: { ...a.local, credentials: b.local.credentials } })],
    ['one by another authority', 'HANDSHAKE_CREDENTIAL', async () => makeSide(a.identity, [await makeIdentity('impostor')])],
    [
      'one for another network',
      'HANDSHAKE_CREDENTIAL',
      async () => ({ ...a, local: { ...a.local, credentials: [await certify(a.identity, authority, { networkId: 'other' })] } }),
    ],
    ['one for the DID, without its keys', 'HANDSHAKE_SIGNATURE', () => Promise.resolve({ ...a, local: { ...a.local, signer: b.local.signer } })],
    ['another history', 'HANDSHAKE_DID', () => Promise.resolve({ ...a, local: { ...a.local, resolved: { ...a.local.resolved, log: b.local.resolved.log } } })],
    ['another version', 'HANDSHAKE_DID', () => Promise.resolve({ ...a, local: { ...a.local, resolved: { ...a.local.resolved, versionId: '2-x' } } })],
  ])('%s: %s', async (_what, code, side) => {
    const { responder, sent } = await run({ initiator: await side() });
    expect(responder).toBe(code);
    expect(sent.responder).toHaveLength(1);
  });

  it('that has expired: HANDSHAKE_CREDENTIAL_EXPIRED', async () => {
    clock.advance(END.getTime() - START.getTime() + CLOCK_SKEW_MILLISECONDS);
    expect((await run()).responder).toMatchObject({ peerId: a.peerId });
    clock.advance(1);
    expect((await run()).responder).toBe('HANDSHAKE_CREDENTIAL_EXPIRED');
  });

  it('is refused when only one of the two DID keys signed', async () => {
    const other = await b.local.signer.sign(new Uint8Array());
    const without = changeProof((proof) => ({ ...proof, signature: { ...proof.signature, mlDsa65: other.mlDsa65 } }));
    expect((await run({ fromInitiator: without })).responder).toBe('HANDSHAKE_SIGNATURE');
  });
});

describe('membership by two of three authorities in the handshake', () => {
  let authorities: Identity[];
  let member: Side;
  beforeAll(async () => {
    authorities = [authority, await makeIdentity('second'), await makeIdentity('third')];
    member = await makeSide(a.identity, authorities.slice(0, 2));
  });
  const runWith = (initiator: Side): Promise<Outcome> => run({ initiator, responderPolicy: freshPolicy({ authorities, threshold: 2 }) });

  it('two credentials are enough, one is not, nor the same authority twice', async () => {
    const [first, second] = member.local.credentials;
    const showing = (...credentials: unknown[]): Side => ({ ...member, local: { ...member.local, credentials: credentials as typeof member.local.credentials } });
    expect((await runWith(member)).responder).toMatchObject({ peerId: a.peerId });
    expect((await runWith(showing(first))).responder).toBe('HANDSHAKE_CREDENTIAL');
    expect((await runWith(showing(first, first))).responder).toBe('HANDSHAKE_CREDENTIAL');
    expect((await runWith(showing(first, await certify(a.identity, authority, { index: 1 })))).responder).toBe('HANDSHAKE_CREDENTIAL');
    expect((await runWith(showing(second, first))).responder).toMatchObject({ peerId: a.peerId });
  });

  it('one revocation of two ends it', async () => {
    const [one, two] = authorities as [Identity, Identity];
    const statusLists = [await listOf(one), await listOf(two, [{ index: 0, revoked: true, suspended: false }])];
    expect((await runWith({ ...member, local: { ...member.local, statusLists } })).responder).toBe('HANDSHAKE_REVOKED');
    expect((await runWith(member)).responder).toMatchObject({ peerId: a.peerId });
  });
});

describe('status in the handshake', () => {
  const minute = (minutes: number): Date => later(START, minutes * 60_000);
  const stapling = async (entries: Parameters<typeof listOf>[1], issuedAt = START): Promise<Side> => ({
    ...a,
    local: { ...a.local, statusLists: [await listOf(authority, entries, issuedAt)] },
  });

  it('revoked and suspended members are refused, others with the same list are not', async () => {
    const revoked = await stapling([{ index: 0, revoked: true, suspended: false }]);
    const { responder, sent } = await run({ initiator: revoked });
    expect(responder).toBe('HANDSHAKE_REVOKED');
    expect(sent.responder).toHaveLength(1);
    policyOfB = freshPolicy({ didHistories: seenByB });
    expect((await run({ initiator: await stapling([{ index: 0, revoked: false, suspended: true }]) })).responder).toBe('HANDSHAKE_SUSPENDED');
    policyOfB = freshPolicy({ didHistories: seenByB });
    expect((await run({ initiator: await stapling([{ index: 1, revoked: true, suspended: true }]) })).responder).toMatchObject({ peerId: a.peerId });
  });

  it('an older list that is stapled does not help, and a newer one is kept', async () => {
    clock.advance(60_000);
    await policyOfB.statuses.offer(await listOf(authority, [{ index: 0, revoked: false, suspended: true }], minute(1)));
    expect((await run()).responder).toBe('HANDSHAKE_SUSPENDED');
    clock.advance(60_000);
    const reinstated = await stapling([], minute(2));
    expect((await run({ initiator: reinstated })).responder).toMatchObject({ peerId: a.peerId });
    expect(policyOfB.statuses.lists()).toEqual(reinstated.local.statusLists);
    expect((await run()).responder).toMatchObject({ peerId: a.peerId });
  });

  it('no recent list: HANDSHAKE_STATUS_STALE', async () => {
    const silent = { ...a, local: { ...a.local, statusLists: [] } };
    expect((await run({ initiator: silent })).responder).toBe('HANDSHAKE_STATUS_STALE');
    expect((await run({ initiator: await stapling([], later(START, -25 * 3_600_000)) })).responder).toBe('HANDSHAKE_STATUS_STALE');
    expect((await run()).responder).toMatchObject({ peerId: a.peerId });
    expect((await run({ initiator: silent })).responder).toMatchObject({ peerId: a.peerId });
  });

  it('a list that is not by the authority is of no use, and does not harm the others', async () => {
    const forged = await listOf(await makeIdentity('impostor'));
    const showing = (...statusLists: Side['local']['statusLists']): Side => ({ ...a, local: { ...a.local, statusLists } });
    const spoiled = a.local.statusLists.map((jws) => ({ ...jws, signatures: forged.signatures }));
    for (const lists of [[forged], spoiled]) expect((await run({ initiator: showing(...lists) })).responder).toBe('HANDSHAKE_STATUS_STALE');
    // Of one authority the first alone is looked at, so that a stranger cannot have many checked.
    expect((await run({ initiator: showing(...spoiled, ...a.local.statusLists) })).responder).toBe('HANDSHAKE_STATUS_STALE');
    expect((await run({ initiator: showing(forged, ...a.local.statusLists) })).responder).toMatchObject({ peerId: a.peerId });
  });
});

describe('DID history in the handshake', () => {
  it('truncated after a newer version was seen: HANDSHAKE_DID_OLD', async () => {
    const rotated = await rotateIdentity(a.identity, { keepPrevious: true });
    expect((await run()).responder).toMatchObject({ resolved: { versionNumber: 1 } });
    expect((await run({ initiator: { ...a, local: { ...a.local, resolved: rotated.resolved, signer: rotated.signer } } })).responder).toMatchObject({
      resolved: { versionNumber: 2 },
    });
    expect((await run()).responder).toBe('HANDSHAKE_DID_OLD');
  });

  it('another one of the same number: HANDSHAKE_DID_FORKED', async () => {
    const [one, other] = [await rotateIdentity(a.identity, { keepPrevious: true }), await rotateIdentity(a.identity, { keepPrevious: true, hours: 2 })];
    const showing = ({ resolved, signer }: Identity): Side => ({ ...a, local: { ...a.local, resolved, signer } });
    // Both are written with the committed keys: the DID's owner, or a thief of its keys, shows different histories to different peers.
    expect((await run({ initiator: showing(one) })).responder).toMatchObject({ resolved: { versionNumber: 2 } });
    expect((await run({ initiator: showing(other) })).responder).toBe('HANDSHAKE_DID_FORKED');
    expect((await run({ initiator: showing(one) })).responder).toMatchObject({ resolved: { versionNumber: 2 } });
  });

  it('is signed for with its present keys, not with those before', async () => {
    const rotated = await rotateIdentity(a.identity, { keepPrevious: true });
    const local = { ...a.local, resolved: rotated.resolved };
    expect((await run({ initiator: { ...a, local } })).responder).toBe('HANDSHAKE_SIGNATURE');
    expect((await run({ initiator: { ...a, local: { ...local, signer: rotated.signer } } })).responder).toMatchObject({ resolved: { versionNumber: 2 } });
  });

  it('of a stranger or a removed member never reaches the store', async () => {
    const { did } = a.identity.resolved;
    const removed = { ...a, local: { ...a.local, statusLists: [await listOf(authority, [{ index: 0, revoked: true, suspended: false }])] } };
    for (const stranger of [await makeSide(a.identity, [await makeIdentity('impostor')]), removed]) await run({ initiator: stranger });
    expect(await seenByB.find(did)).toBeUndefined();
    policyOfB = freshPolicy({ didHistories: seenByB });
    await run();
    expect(await seenByB.find(did)).toMatchObject({ versionNumber: 1 });
  });

  it('cannot be judged while the store does not answer: nobody is let in', async () => {
    seenByB.find = () => Promise.reject(new Error('The database is away.'));
    const { initiator, responder } = await run();
    expect([initiator, responder]).toEqual(['HANDSHAKE_INTERRUPTED', undefined]);
  });
});
