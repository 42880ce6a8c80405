import { PassThrough } from 'node:stream';
import { ManualClock } from '@carecord/testkit';
import { CarecordError } from '@carecord/core';
import { randomNonce } from '@carecord/crypto';
import { KnownEvidence } from '@carecord/identity';
import type { HandshakeBinding, HandshakeChannel } from '@carecord/identity';
import { makeIdentity, START } from '../../../libs/identity/src/identities.fixture.ts';
import { runMembershipHandshake } from '../../../libs/identity/src/handshake/handshake.ts';
import { MAX_PROOF_BYTES } from '../../../libs/identity/src/handshake/messages.ts';
import { bindingOf, makePolicy, makeSide, runScene } from '../../../libs/identity/src/handshake/scene.fixture.ts';
import { FrameChannel } from '../../../libs/network/src/encrypter/frame-channel.ts';
import { MemoryDidHistoryStore, MemoryStatusListStore } from '@carecord/testkit';
import type { Outcome, Target } from './fuzz.ts';

const EXPORTER_BYTES = 32;
const LENGTH_BYTES = 4;

/**
 * The membership handshake as somebody attacks it who has recorded a genuine one: each of the four messages, mutated, at the end that
 * receives it, and the framing under them. Nobody may ever be let in.
 */
export async function handshakeTargets(): Promise<Target[]> {
  const authority = await makeIdentity('authority');
  const [initiator, responder] = await Promise.all(['a', 'b'].map(async (name) => makeSide(await makeIdentity(name), [authority])));
  if (initiator === undefined || responder === undefined) throw new Error('There are two sides.');
  const clock = new ManualClock(START);
  const policy = (): ReturnType<typeof makePolicy> => makePolicy([authority], { clock, didHistories: new MemoryDidHistoryStore(), statusLists: new MemoryStatusListStore() });
  const genuine = await runScene({ initiator, responder, initiatorPolicy: policy(), responderPolicy: policy() });
  const [initiatorHello, initiatorProof] = genuine.sent.initiator;
  const [responderHello, responderProof] = genuine.sent.responder;
  if (!initiatorHello || !initiatorProof || !responderHello || !responderProof) throw new Error('The genuine handshake did not come about.');

  const attack = (role: HandshakeBinding['role']): ((messages: readonly Uint8Array[]) => Promise<Outcome>) => {
    const side = role === 'initiator' ? initiator : responder;
    const known = { ...policy(), evidence: new KnownEvidence() };
    return async (messages) => {
      const binding = bindingOf(side, role, randomNonce(EXPORTER_BYTES));
      return refusalOf(runMembershipHandshake(channelOf(messages), binding, side.local, known));
    };
  };
  const [atInitiator, atResponder] = [attack('initiator'), attack('responder')];
  return [
    { name: "the handshake: the initiator's hello", good: [initiatorHello, responderHello], feed: (frame) => atResponder([frame]) },
    { name: "the handshake: the responder's hello", good: [responderHello, initiatorHello], feed: (frame) => atInitiator([frame]) },
    { name: "the handshake: the initiator's proof", good: [initiatorProof, responderProof], feed: (frame) => atResponder([initiatorHello, frame]) },
    { name: "the handshake: the responder's proof", good: [responderProof, initiatorProof], feed: (frame) => atInitiator([responderHello, frame]) },
    { name: 'the handshake: its framing', good: [framed(initiatorHello), framed(responderProof)], feed: receiveAll },
  ];
}

/** Gives the messages, then has ended; what is sent goes nowhere. */
function channelOf(messages: readonly Uint8Array[]): HandshakeChannel {
  const left = [...messages];
  return {
    send: () => Promise.resolve(),
    receive: () => {
      const next = left.shift();
      return next === undefined ? Promise.reject(new Error('The peer has gone.')) : Promise.resolve(next);
    },
  };
}

async function refusalOf(handshake: Promise<unknown>): Promise<Outcome> {
  try {
    await handshake;
  } catch (error) {
    if (error instanceof CarecordError) return error.code as string;
    throw error;
  }
  throw new Error('Somebody was let in who has proven nothing.');
}

/** Reads frames from a stream of bytes until it ends or one is refused. */
async function receiveAll(bytes: Uint8Array): Promise<Outcome> {
  const socket = new PassThrough();
  socket.end(bytes);
  const channel = new FrameChannel(socket);
  try {
    for (;;) await channel.receive(MAX_PROOF_BYTES);
  } catch (error) {
    if (error instanceof CarecordError) return error.code as string;
    throw error;
  } finally {
    socket.destroy();
  }
}

function framed(message: Uint8Array): Uint8Array {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message]);
}
