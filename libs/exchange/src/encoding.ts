import { z } from 'zod';

/** An instant as ISO 8601 text in UTC. */
export const instantSchema = z.iso.datetime();

/** The JSON value of a signed payload; its size was limited by who carried it. */
export function decodeJsonPayload(payload: Uint8Array): unknown {
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload)) as unknown;
}
