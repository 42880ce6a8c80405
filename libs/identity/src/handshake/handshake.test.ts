import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { decodeWire, encodeWire, later } from '@carecord/core';
import { ed25519PublicKey, randomNonce } from '@carecord/crypto';
import { ManualClock, MemoryDidHistoryStore, MemoryStatusListStore } from '@carecord/testkit';
import { signingKeysFingerprint } from '../accepted-keys.ts';
import { END, makeIdentity, START } from '../identities.fixture.ts';
import type { Identity } from '../identities.fixture.ts';
import { CLOCK_SKEW_MILLISECONDS } from '../limits.ts';
import { admit, listUrlOf } from '../members.fixture.ts';
import type { HandshakeChannel } from '../ports.ts';
import { runMembershipHandshake } from './handshake.ts';
import type { HandshakePolicy, RemoteMember } from './handshake.ts';
import { helloSchema, MAX_HELLO_BYTES, MAX_PROOF_BYTES } from './messages.ts';
import { bindingOf, changeHello, changeProof, makePolicy, makeSide, runScene } from './scene.fixture.ts';
import type { Message, Outcome, Scene, Side, Tamper } from './scene.fixture.ts';

let authority: Identity;
let a: Side;
let b: Side;
let clock: ManualClock;
let policyOfA: HandshakePolicy;
let policyOfB: HandshakePolicy;

/** Hospital a dials hospital b, unless told otherwise. */
const run = (scene: Partial<Scene> = {}): Promise<Outcome> =>
  runScene({ initiator: a, responder: b, initiatorPolicy: policyOfA, responderPolicy: policyOfB, ...scene });
/** Of an end that has seen nothing yet. */
const freshPolicy = (at: ManualClock = clock): HandshakePolicy =>
  makePolicy([authority], { clock: at, didHistories: new MemoryDidHistoryStore(), statusLists: new MemoryStatusListStore() });
/** The same when the responder's clock shows this. */
const runAt = (instant: Date): Promise<Outcome> => run({ responderPolicy: freshPolicy(new ManualClock(instant)) });

beforeAll(async () => {
  authority = await makeIdentity('authority');
  [a, b] = await Promise.all([makeSide(await makeIdentity('a'), [authority]), makeSide(await makeIdentity('b'), [authority])]);
});
beforeEach(() => {
  clock = new ManualClock(START);
  [policyOfA, policyOfB] = [freshPolicy(), freshPolicy()];
});

describe('membership handshake', () => {
  it('proves each end to the other', async () => {
    const { initiator, responder, sent } = await run();
    const member = ({ identity, peerId }: Side): RemoteMember => ({
      did: identity.resolved.did,
      name: 'A Hospital',
      roles: ['hospital'],
      peerId,
      resolved: identity.resolved,
      membershipValidUntil: END,
      membership: {
        did: identity.resolved.did,
        name: 'A Hospital',
        roles: ['hospital'],
        networkId: 'test-network',
        validUntil: END,
        standings: [
          { authority: authority.resolved.did, statusListUrl: listUrlOf(authority), statusIndex: 0, validUntil: END, signedWith: signingKeysFingerprint(authority.resolved.signing) },
        ],
      },
    });
    expect(initiator).toEqual(member(b));
    expect(responder).toEqual(member(a));
    expect([sent.initiator.length, sent.responder.length]).toEqual([2, 2]);
  });

  it('takes the peer that was dialled and no other', async () => {
    expect((await run({ initiatorBinding: { expectedRemotePeerId: b.peerId } })).initiator).toMatchObject({ peerId: b.peerId });
    expect((await run({ initiatorBinding: { expectedRemotePeerId: a.peerId } })).initiator).toBe('HANDSHAKE_PEER_ID');
  });

  it('is refused across networks, and the stranger hears nothing', async () => {
    const foreign = { ...a, local: await admit(a.identity, [authority], 'other-network') };
    const { initiator, responder, sent } = await run({ initiator: foreign });
    expect([initiator, responder]).toEqual(['HANDSHAKE_INTERRUPTED', 'HANDSHAKE_WRONG_NETWORK']);
    expect(sent.responder).toEqual([]);
  });

  it('tells a peer without proof no more than a hello', async () => {
    const { sent, responder } = await run({ initiator: await makeSide(a.identity, [await makeIdentity('impostor')]) });
    expect(responder).toBe('HANDSHAKE_CREDENTIAL');
    expect(sent.responder).toHaveLength(1);
  });

  it('is refused when the hello is not for now, give or take the clock skew', async () => {
    const at = (milliseconds: number): Promise<Outcome> => runAt(later(START, milliseconds));
    const slack = CLOCK_SKEW_MILLISECONDS + 30_000;
    expect((await at(CLOCK_SKEW_MILLISECONDS)).responder).toMatchObject({ peerId: a.peerId });
    expect((await at(slack)).responder).toBe('HANDSHAKE_EXPIRED');
    expect((await at(-CLOCK_SKEW_MILLISECONDS - 1)).responder).toBe('HANDSHAKE_EXPIRED');
    expect((await run({ fromInitiator: changeHello({ expiresAt: START.getTime() + 3_600_000 }) })).responder).toBe('HANDSHAKE_EXPIRED');
  });

  it('is refused when the proof comes after the hello has expired', async () => {
    const late = new ManualClock(START);
    const tamper: Tamper = (message, at) => {
      if (at === 1) late.advance(CLOCK_SKEW_MILLISECONDS + 30_000);
      return [message];
    };
    expect((await run({ responderPolicy: freshPolicy(late), fromInitiator: tamper })).responder).toBe('HANDSHAKE_EXPIRED');
  });

  it('is refused when an earlier session is replayed', async () => {
    const { sent } = await run();
    const replay: Tamper = (_message, at) => [sent.initiator[at] ?? new Uint8Array()];
    expect((await run({ fromInitiator: replay })).responder).toBe('HANDSHAKE_SIGNATURE');
    expect((await run({ fromInitiator: (message, at) => [at === 1 ? (sent.initiator[1] ?? new Uint8Array()) : message] })).responder).toBe('HANDSHAKE_SIGNATURE');
    expect((await run({ fromResponder: (_message, at) => [sent.responder[at] ?? new Uint8Array()] })).initiator).toBe('HANDSHAKE_INTERRUPTED');
  });

  it('is refused when a middleman relays it over two TLS sessions', async () => {
    const { initiator, responder } = await run({ responderBinding: { exporter: randomNonce(32) } });
    expect([initiator, responder]).toEqual(['HANDSHAKE_INTERRUPTED', 'HANDSHAKE_SIGNATURE']);
  });

  it('is refused by the initiator as by the responder', async () => {
    const broken = changeProof((proof) => ({ ...proof, signature: { ...proof.signature, ed25519: new Uint8Array(64) } }));
    expect((await run({ fromResponder: broken })).initiator).toBe('HANDSHAKE_SIGNATURE');
    expect((await run({ responder: { ...b, local: { ...b.local, credentials: [] } } })).initiator).toBe('HANDSHAKE_NO_CREDENTIAL');
  });

  it('is refused when the PeerId is not the one of the key that signs', async () => {
    const impostor = { ...a, peerId: Buffer.from(ed25519PublicKey(randomNonce(32))).toString('hex') };
    expect((await run({ initiator: impostor })).responder).toBe('HANDSHAKE_PEER_SIGNATURE');
    expect((await run({ responderBinding: { verifyPeerSignature: () => Promise.reject(new Error('no such key')) } })).responder).toBe(
      'HANDSHAKE_PEER_SIGNATURE',
    );
    expect((await run({ fromInitiator: changeHello({ peerId: impostor.peerId }) })).responder).toBe('HANDSHAKE_SIGNATURE');
  });

  it('is refused when our own hello, nonce or PeerId comes back', async () => {
    const { sent } = await run();
    const own = decodeWire(helloSchema, sent.initiator[0] ?? new Uint8Array(), MAX_HELLO_BYTES);
    expect((await run({ responder: a })).responder).toBe('HANDSHAKE_REFLECTED');
    expect((await run({ fromInitiator: changeHello({ peerId: b.peerId }) })).responder).toBe('HANDSHAKE_REFLECTED');
    let first: Message = new Uint8Array();
    const reflect: Partial<Scene> = {
      fromInitiator: (message) => {
        first = first.length === 0 ? message : first;
        return [message];
      },
      fromResponder: () => [encodeWire(helloSchema, { ...own, nonce: decodeWire(helloSchema, first, MAX_HELLO_BYTES).nonce, did: 'did:example:x', peerId: 'x' })],
    };
    expect((await run(reflect)).initiator).toBe('HANDSHAKE_REFLECTED');
  });

  it('welcomes another peer of our own DID: a replica of the same hospital', async () => {
    const replica = { ...a, identity: { ...a.identity, peerSeed: randomNonce(32) } };
    const peerId = Buffer.from(ed25519PublicKey(replica.identity.peerSeed)).toString('hex');
    const { initiator, responder } = await run({ responder: { ...replica, peerId } });
    expect(initiator).toMatchObject({ did: a.identity.resolved.did, peerId });
    expect(responder).toMatchObject({ did: a.identity.resolved.did, peerId: a.peerId });
    expect((await run({ responder: a })).responder).toBe('HANDSHAKE_REFLECTED');
  });

  it('is refused when another claims our DID without its keys', async () => {
    const thief = { ...a, local: { ...b.local, signer: a.local.signer } };
    expect((await run({ initiator: thief })).responder).toBe('HANDSHAKE_SIGNATURE');
  });

  it('is refused when both claim the same role', async () => {
    expect((await run({ fromInitiator: changeHello({ role: 'responder' }) })).responder).toBe('HANDSHAKE_ROLE');
  });
});

describe('handshake messages', () => {
  it.each<[string, Tamper, string]>([
    ['a cut-off hello', (message) => [message.subarray(0, -1)], 'HANDSHAKE_MALFORMED'],
    ['an empty hello', () => [new Uint8Array()], 'HANDSHAKE_MALFORMED'],
    ['an oversized hello', () => [new Uint8Array(MAX_HELLO_BYTES + 1)], 'HANDSHAKE_TOO_LARGE'],
    ['a cut-off proof', (message, at) => [at === 1 ? message.subarray(0, -1) : message], 'HANDSHAKE_MALFORMED'],
    ['an oversized proof', (message, at) => [at === 1 ? new Uint8Array(MAX_PROOF_BYTES + 1) : message], 'HANDSHAKE_TOO_LARGE'],
    ['a hello in place of the proof', (message) => [message, message], 'HANDSHAKE_MALFORMED'],
  ])('%s', async (_what, fromInitiator, code) => {
    expect((await run({ fromInitiator })).responder).toBe(code);
  });

  it('a channel that ends, and one that takes nothing', async () => {
    const ended: HandshakeChannel = { send: () => Promise.resolve(), receive: () => Promise.reject(new Error('ended')) };
    const closed: HandshakeChannel = { send: () => Promise.reject(new Error('closed')), receive: () => Promise.reject(new Error('ended')) };
    for (const channel of [ended, closed]) {
      const handshake = runMembershipHandshake(channel, bindingOf(a, 'initiator', randomNonce(32)), a.local, policyOfA);
      await expect(handshake).rejects.toMatchObject({ code: 'HANDSHAKE_INTERRUPTED' });
    }
  });

  it('a connection without exporter value', async () => {
    expect((await run({ initiatorBinding: { exporter: new Uint8Array() }, responderBinding: { exporter: new Uint8Array() } })).initiator).toBe(
      'HANDSHAKE_EXPORTER',
    );
  });
});
