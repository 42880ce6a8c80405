import type { Clock } from '@carecord/core';
import { later } from '@carecord/core';
import type { GeneralJws } from '@carecord/crypto';
import { resolveDidLog } from '@carecord/identity';
import type { ResolvedDid } from '@carecord/identity';
import type { z } from 'zod';
import { MAX_ANSWER_BYTES, membershipAnswerSchema, networkAnswerSchema, refusalSchema } from '../authority/wire.ts';
import type { MembershipAnswer, NetworkAnswer } from '../authority/wire.ts';
import { NodeError } from '../failures/node-error.ts';

/** Three small answers: an authority that needs longer is down. */
const TIMEOUT_MILLISECONDS = 10_000;
/** An authority that starts at the same time as we do is there after some seconds. */
const ATTEMPTS = 5;
const PAUSE_MILLISECONDS = 2_000;

/** Asks the authority over HTTP. What comes back proves itself by signatures; HTTP adds nothing to that. */
export class AuthorityClient {
  constructor(
    private readonly url: string,
    private readonly clock: Clock,
  ) {}

  /**
   * The authority's DID with its verified history.
   * @throws NodeError `AUTHORITY_UNREACHABLE` or `AUTHORITY_ANSWER_INVALID`
   */
  async resolve(did: string): Promise<ResolvedDid> {
    const log = await this.withRetries(() => this.text('did.jsonl', { method: 'GET' }));
    try {
      return await resolveDidLog(did, log);
    } catch (cause) {
      throw new NodeError('AUTHORITY_ANSWER_INVALID', 'The history at CARECORD_AUTHORITY_URL is not that of CARECORD_AUTHORITY_DID.', { cause });
    }
  }

  /** The network description (to be verified by the caller) and where members can be met now. */
  async network(): Promise<NetworkAnswer> {
    return parse(networkAnswerSchema, await this.text('network', { method: 'GET' }));
  }

  /** Hands in an application. @throws NodeError `ADMISSION_REFUSED`, `AUTHORITY_UNREACHABLE` or `AUTHORITY_ANSWER_INVALID` */
  async apply(application: GeneralJws): Promise<MembershipAnswer> {
    const body = JSON.stringify(application);
    const text = await this.withRetries(() => this.text('memberships', { method: 'POST', body, headers: { 'content-type': 'application/json' } }));
    return parse(membershipAnswerSchema, text);
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

  private async text(path: string, request: RequestInit): Promise<string> {
    const address = new URL(path, this.url.endsWith('/') ? this.url : `${this.url}/`);
    let response: Response;
    let text: string;
    try {
      response = await fetch(address, { ...request, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS) });
      text = await limitedText(response);
    } catch (cause) {
      if (cause instanceof NodeError) throw cause;
      throw new NodeError('AUTHORITY_UNREACHABLE', 'The authority at CARECORD_AUTHORITY_URL does not answer.', { cause });
    }
    if (response.status >= 500) throw new NodeError('AUTHORITY_UNREACHABLE', 'The authority at CARECORD_AUTHORITY_URL is not working.');
    if (!response.ok) throw refusal(text);
    return text;
  }
}

/** Reads a body and stops as soon as it is too large, whatever its header claims. */
async function limitedText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new NodeError('AUTHORITY_ANSWER_INVALID', 'The answer of the authority is too large.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The authority's sentence is not repeated: only its code, if it is one. */
function refusal(text: string): NodeError {
  const { code } = parse(refusalSchema, text);
  const known = /^[A-Z_]{3,64}$/.test(code) ? code : 'unknown code';
  return new NodeError('ADMISSION_REFUSED', `The authority refused to admit this hospital (${known}).`);
}

function parse<Schema extends z.ZodType>(schema: Schema, text: string): z.infer<Schema> {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new NodeError('AUTHORITY_ANSWER_INVALID', 'The authority at CARECORD_AUTHORITY_URL did not answer in the expected form.', { cause });
  }
}
