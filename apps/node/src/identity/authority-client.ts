import { CLOCK_SKEW_MILLISECONDS, historyFromFiles, MAX_DID_HISTORY_BYTES } from '@carecord/identity';
import type { DidHistory, WitnessProof } from '@carecord/identity';
import type { Clock } from '@carecord/core';
import { later } from '@carecord/core';
import type { GeneralJws } from '@carecord/crypto';
import { generalJwsSchema } from '@carecord/crypto';
import type { z } from 'zod';
import { MAX_ANSWER_BYTES, membershipAnswerSchema, networkAnswerSchema, refusalSchema, witnessAnswerSchema } from '../authority/wire.ts';
import type { MembershipAnswer, NetworkAnswer } from '../authority/wire.ts';
import { NodeError } from '../failures/node-error.ts';
import type { OutboundHttp } from '../outbound/outbound-http.ts';

/** An authority that starts at the same time as we do is there after some seconds. */
const ATTEMPTS = 5;
const PAUSE_MILLISECONDS = 2_000;
const NOT_FOUND = 404;
const TOO_MANY_REQUESTS = 429;
/** Why a call failed although somebody answered: asking again would not help. */
const BAD_ANSWERS: readonly string[] = ['OUTBOUND_TOO_LARGE', 'OUTBOUND_ANSWER_INVALID'];

/** Asks one authority over HTTP. What comes back proves itself by signatures; HTTP adds nothing to that. */
export class AuthorityClient {
  constructor(
    private readonly url: string,
    private readonly http: Pick<OutboundHttp, 'request'>,
    private readonly clock: Clock,
    /** The `did:key` with which it witnesses; absent: not known yet. */
    private readonly witnessKey?: string,
  ) {}

  /** The history of the authority's DID, to be verified by the caller. @throws NodeError `AUTHORITY_*` */
  async history(): Promise<DidHistory> {
    const log = await this.withRetries(() => this.get('.well-known/did.jsonl', MAX_DID_HISTORY_BYTES));
    const [cosignatures, witness] = await Promise.all([this.optional('.well-known/did-cosignatures.json'), this.optional('.well-known/did-witness.json')]);
    try {
      return historyFromFiles({ log, ...(cosignatures === undefined ? {} : { cosignatures }), ...(witness === undefined ? {} : { witness }) });
    } catch (cause) {
      throw answerInvalid(cause);
    }
  }

  /** The network description (to be verified by the caller) and where members can be met now. */
  async network(): Promise<NetworkAnswer> {
    return parse(networkAnswerSchema, await this.get('network'));
  }

  /** The authority's newest status list, to be verified by the caller. */
  async statusList(): Promise<GeneralJws> {
    return parse(generalJwsSchema, await this.get('status-list'));
  }

  /** Hands in an application. @throws NodeError `ADMISSION_REFUSED`, `AUTHORITY_UNREACHABLE` or `AUTHORITY_ANSWER_INVALID` */
  async apply(application: GeneralJws): Promise<MembershipAnswer> {
    const answer = parse(membershipAnswerSchema, await this.withRetries(() => this.post('memberships', application)));
    return { ...answer, witnessProof: answer.witnessProof && this.own(answer.witnessProof) };
  }

  /** Has the last version of our DID witnessed. @throws NodeError as {@link apply} */
  async witness(did: string, history: DidHistory): Promise<WitnessProof> {
    return this.own(parse(witnessAnswerSchema, await this.withRetries(() => this.post('witness-proofs', { did, history }))).witnessProof);
  }

  /** Proofs by other keys mean nothing, and would stay in our history for ever. */
  private own({ versionId, proof }: WitnessProof): WitnessProof {
    const { witnessKey } = this;
    return { versionId, proof: witnessKey === undefined ? proof : proof.filter(({ verificationMethod }) => verificationMethod.startsWith(`${witnessKey}#`)) };
  }

  private async optional(path: string): Promise<string | undefined> {
    try {
      return await this.get(path, MAX_DID_HISTORY_BYTES);
    } catch (error) {
      if (error instanceof NodeError && error.code === 'NOT_FOUND') return undefined;
      throw error;
    }
  }

  private get(path: string, maxBytes = MAX_ANSWER_BYTES): Promise<string> {
    return this.text(path, { maxBytes });
  }

  private post(path: string, body: unknown): Promise<string> {
    return this.text(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(body), 'utf8'), maxBytes: MAX_ANSWER_BYTES });
  }

  private async withRetries(attempt: () => Promise<string>): Promise<string> {
    for (let left = ATTEMPTS - 1; ; left--) {
      try {
        return await attempt();
      } catch (error) {
        if (left === 0 || !(error instanceof NodeError) || error.code !== 'AUTHORITY_UNREACHABLE') throw error;
        await this.clock.sleepUntil(later(this.clock.now(), PAUSE_MILLISECONDS));
      }
    }
  }

  private async text(path: string, request: Parameters<OutboundHttp['request']>[1]): Promise<string> {
    const answer = await this.http.request(new URL(path, `${this.url}/`).href, request).catch((cause: unknown) => {
      if (cause instanceof NodeError && cause.code === 'OUTBOUND_REFUSED') throw cause;
      if (cause instanceof NodeError && BAD_ANSWERS.includes(cause.code)) throw answerInvalid(cause);
      throw new NodeError('AUTHORITY_UNREACHABLE', `The authority at ${this.url} does not answer.`, { cause });
    });
    this.checkClock(answer.headers.date);
    if (answer.status === TOO_MANY_REQUESTS) throw new NodeError('AUTHORITY_UNREACHABLE', `The authority at ${this.url} has too much to do.`);
    if (answer.status >= 500) throw new NodeError('AUTHORITY_UNREACHABLE', `The authority at ${this.url} is not working.`);
    const text = Buffer.from(answer.body).toString('utf8');
    if (answer.status === NOT_FOUND) throw new NodeError('NOT_FOUND', 'The authority does not have this.');
    if (answer.status >= 300) throw refusal(text);
    return text;
  }

  /** With another time than its peers a hospital would be refused by all of them, one by one, with less to go by. */
  private checkClock(date: string | undefined): void {
    const theirs = date === undefined ? Number.NaN : Date.parse(date);
    if (Number.isNaN(theirs) || Math.abs(theirs - this.clock.now().getTime()) <= CLOCK_SKEW_MILLISECONDS) return;
    throw new NodeError('CLOCK_SKEW', `This machine's clock differs from that of the authority at ${this.url} by more than ${CLOCK_SKEW_MILLISECONDS / 1000} seconds: set both by NTP.`);
  }
}

/** The authority's sentence is not repeated: only its code, if it is one. */
function refusal(text: string): NodeError {
  const { code } = parse(refusalSchema, text);
  const known = /^[A-Z_]{3,64}$/.test(code) ? code : 'unknown code';
  return new NodeError('ADMISSION_REFUSED', `The authority refused (${known}).`);
}

function parse<Schema extends z.ZodType>(schema: Schema, text: string): z.infer<Schema> {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw answerInvalid(cause);
  }
}

function answerInvalid(cause: unknown): NodeError {
  return new NodeError('AUTHORITY_ANSWER_INVALID', 'An authority did not answer in the expected form.', { cause });
}
