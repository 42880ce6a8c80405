import type { IncomingMessage } from 'node:http';
import { readAtMost } from '@carecord/core';

/** The largest form that any of our addresses takes: a signed token of 8 KiB and a few short fields. */
const MAX_FORM_BYTES = 16 * 1024;

/** Why a form could not be read. */
export type FormProblem = 'not-a-form' | 'too-large' | 'repeated-field' | 'not-text';

/**
 * Reads a body of `application/x-www-form-urlencoded` that no parser has read yet.
 * @returns its fields, or what is wrong with it; a field that comes twice is wrong (RFC 6749, section 3.2)
 */
export async function readForm(request: IncomingMessage): Promise<ReadonlyMap<string, string> | FormProblem> {
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(request.headers['content-type'] ?? '')) return 'not-a-form';
  // Not destroyed when we stop early: the answer still has to go out.
  const body = await readAtMost(MAX_FORM_BYTES, request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>);
  if (body === undefined) return 'too-large';
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return 'not-text';
  }
  return fieldsOf(new URLSearchParams(text));
}

/** The fields of a form or a query, each of which must come once. */
export function fieldsOf(parameters: URLSearchParams): ReadonlyMap<string, string> | 'repeated-field' {
  const fields = new Map(parameters);
  return fields.size === parameters.size ? fields : 'repeated-field';
}
