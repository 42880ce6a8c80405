import { decodeWire, encodeWire, WireError } from '@carecord/core';
import type { Clock } from '@carecord/core';
import { ed25519PublicKey, randomNonce, signEd25519, verifyEd25519 } from '@carecord/crypto';
import type { z } from 'zod';
import { DidHistories } from '../did/did-histories.ts';
import { MEMBER_POLICY } from '../did/did-policy.ts';
import type { Identity } from '../identities.fixture.ts';
import type { LocalMember } from '../local-identity.ts';
import { admit, NETWORK_ID } from '../members.fixture.ts';
import { fixedTrust } from '../network/network-trust.ts';
import type { DidHistoryStore, HandshakeBinding, HandshakeChannel, StatusListStore } from '../ports.ts';
import { StatusBook } from '../status/status-book.ts';
import { runMembershipHandshake } from './handshake.ts';
import type { HandshakePolicy, RemoteMember } from './handshake.ts';
import { helloSchema, MAX_HELLO_BYTES, MAX_PROOF_BYTES, proofSchema } from './messages.ts';

// For the tests beside this file: both ends of a handshake in one process, and a middleman between them.

export type Message = Uint8Array;
/** What a middleman makes of the messages of one side: any number of messages in place of each. */
export type Tamper = (message: Message, at: number) => Message[];

/** One direction of a channel. */
class Pipe {
  private readonly queue: Message[] = [];
  private waiting: { resolve: (message: Message) => void; reject: (error: Error) => void } | undefined;
  private ended = false;

  push(message: Message): void {
    if (this.waiting === undefined) this.queue.push(message);
    else this.waiting.resolve(message);
    this.waiting = undefined;
  }

  end(): void {
    this.ended = true;
    this.waiting?.reject(new Error('The channel ended.'));
  }

  async next(maxBytes: number): Promise<Message> {
    const message = this.queue.shift() ?? (await this.arrival());
    if (message.length > maxBytes) throw new WireError('WIRE_TOO_LARGE', 'too large');
    return message;
  }

  private arrival(): Promise<Message> {
    if (this.ended) return Promise.reject(new Error('The channel ended.'));
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
    });
  }
}

/** A member at one end: its PeerId is its peer key in hex. */
export interface Side {
  readonly identity: Identity;
  readonly local: LocalMember;
  readonly peerId: string;
}

/** An identity that the authorities made a member. */
export async function makeSide(identity: Identity, by: readonly Identity[]): Promise<Side> {
  return { identity, local: await admit(identity, by), peerId: Buffer.from(ed25519PublicKey(identity.peerSeed)).toString('hex') };
}

/** What one end knows beforehand: what these stores keep. */
export function makePolicy(
  authorities: readonly Identity[],
  options: { readonly clock: Clock; readonly threshold?: number; readonly didHistories: DidHistoryStore; readonly statusLists: StatusListStore },
): HandshakePolicy {
  const { clock, threshold = 1 } = options;
  const trust = fixedTrust(NETWORK_ID, authorities.map(({ resolved }) => resolved), threshold);
  return {
    clock,
    trust,
    statuses: new StatusBook({ trust, store: options.statusLists, clock }),
    histories: new DidHistories({ store: options.didHistories, clock, policy: MEMBER_POLICY }),
  };
}

/** What `network` would give for this end. */
export function bindingOf(side: Side, role: HandshakeBinding['role'], exporter: Uint8Array): HandshakeBinding {
  return {
    role,
    exporter,
    localPeerId: side.peerId,
    signWithPeerKey: (message) => Promise.resolve(signEd25519(side.identity.peerSeed, message)),
    verifyPeerSignature: (peerId, message, signature) => Promise.resolve(verifyEd25519(Buffer.from(peerId, 'hex'), message, signature)),
  };
}

export interface Scene {
  readonly initiator: Side;
  readonly responder: Side;
  readonly initiatorBinding?: Partial<HandshakeBinding>;
  readonly responderBinding?: Partial<HandshakeBinding>;
  readonly fromInitiator?: Tamper;
  readonly fromResponder?: Tamper;
  readonly initiatorPolicy: HandshakePolicy;
  readonly responderPolicy: HandshakePolicy;
}

/** A member or the code of the refusal at each end, and what each end sent. */
export interface Outcome {
  readonly initiator: RemoteMember | string;
  readonly responder: RemoteMember | string;
  readonly sent: { readonly initiator: readonly Message[]; readonly responder: readonly Message[] };
}

/** Runs both ends; who refuses ends the channel, as `network` does. */
export async function runScene(scene: Scene): Promise<Outcome> {
  const exporter = randomNonce(32);
  const { initiator, responder } = scene;
  const [up, down] = [new Pipe(), new Pipe()];
  const sent = { initiator: [] as Message[], responder: [] as Message[] };
  const channel = (inward: Pipe, outward: Pipe, log: Message[], tamper: Tamper = (message) => [message]): HandshakeChannel => ({
    send: (message) => {
      for (const changed of tamper(message, log.push(message) - 1)) outward.push(changed);
      return Promise.resolve();
    },
    receive: (maxBytes) => inward.next(maxBytes),
  });
  const outcome = async (work: Promise<RemoteMember>): Promise<RemoteMember | string> => {
    try {
      return await work;
    } catch (error) {
      up.end();
      down.end();
      return (error as { code: string }).code;
    }
  };
  const [first, second] = await Promise.all([
    outcome(
      runMembershipHandshake(
        channel(down, up, sent.initiator, scene.fromInitiator),
        { ...bindingOf(initiator, 'initiator', exporter), ...scene.initiatorBinding },
        initiator.local,
        scene.initiatorPolicy,
      ),
    ),
    outcome(
      runMembershipHandshake(
        channel(up, down, sent.responder, scene.fromResponder),
        { ...bindingOf(responder, 'responder', exporter), ...scene.responderBinding },
        responder.local,
        scene.responderPolicy,
      ),
    ),
  ]);
  return { initiator: first, responder: second, sent };
}

/** Changes the content of the hello (message 0). */
export const changeHello =
  (change: Partial<z.infer<typeof helloSchema>>): Tamper =>
  (message, at) => [at === 0 ? encodeWire(helloSchema, { ...decodeWire(helloSchema, message, MAX_HELLO_BYTES), ...change }) : message];
/** Changes the content of the proof (message 1). */
export const changeProof =
  (change: (proof: z.infer<typeof proofSchema>) => z.infer<typeof proofSchema>): Tamper =>
  (message, at) => [at === 1 ? encodeWire(proofSchema, change(decodeWire(proofSchema, message, MAX_PROOF_BYTES))) : message];
