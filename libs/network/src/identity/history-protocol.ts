import { didSchema, MAX_DID_HISTORY_BYTES } from '@carecord/identity';
import { z } from 'zod';
import type { MessageProtocol } from '../ports.ts';

/** DIDs in one question: those of the members around a node; more are asked for again. */
export const MAX_DIDS_ASKED = 16;
/** An answer stops growing here: one history of the largest size, or dozens of usual ones. */
export const MAX_HISTORIES_BYTES = MAX_DID_HISTORY_BYTES + 64 * 1024;
/** Names and CBOR around the histories. */
const OVERHEAD_BYTES = 16 * 1024;

const historySchema = z.string().min(1).max(MAX_DID_HISTORY_BYTES);

const requestSchema = z.discriminatedUnion('kind', [
  /** The asker's own DID has a new version. */
  z.strictObject({ kind: z.literal('announce'), history: historySchema }),
  /** What is known here of these DIDs? */
  z.strictObject({ kind: z.literal('ask'), dids: z.array(didSchema).min(1).max(MAX_DIDS_ASKED) }),
]);

const responseSchema = z.discriminatedUnion('kind', [
  /** It was verified and stands from now on. */
  z.strictObject({ kind: z.literal('taken') }),
  /** The newest histories known; a DID that is not known, or whose history does not fit any more, is left out. */
  z.strictObject({ kind: z.literal('known'), histories: z.array(z.strictObject({ did: didSchema, history: historySchema })).max(MAX_DIDS_ASKED) }),
]);

/** {@link HISTORY_PROTOCOL}'s answer. */
export type HistoryAnswer = z.infer<typeof responseSchema>;

/** `/carecord/identity/history/1`: members tell each other the histories of their DIDs. */
export const HISTORY_PROTOCOL = {
  name: '/carecord/identity/history/1',
  request: requestSchema,
  response: responseSchema,
  maxRequestBytes: MAX_DID_HISTORY_BYTES + OVERHEAD_BYTES,
  maxResponseBytes: MAX_HISTORIES_BYTES + OVERHEAD_BYTES,
  // A mebibyte over a slow line, and some hundred milliseconds to verify fifty versions.
  timeoutMilliseconds: 10_000,
  // Keys that are rotated every second, by both replicas of a hospital; and whoever looks for keys asks several members at once.
  rate: { burst: 40, perSecond: 4 },
  // To verify a mebibyte takes 100 ms of a core: so 0.8 s at once and 2.5 % for good. Eight of the largest histories, or twenty rotations
  // one right after the other.
  requestBytes: { burst: 8 * 1024 * 1024, perSecond: 256 * 1024 },
  refusalCodes: ['DID_VERSION_OLDER', 'DID_VERSION_FORKED', 'DID_LOG_INVALID', 'DID_TIME_INVALID', 'DID_WITNESSES_MISSING'],
} as const satisfies MessageProtocol<typeof requestSchema, typeof responseSchema>;
