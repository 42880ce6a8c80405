import { z } from 'zod';
import { MAX_DID_HISTORY_BYTES, MAX_DID_VERSIONS } from '../limits.ts';
import { cosignatureSchema } from './did-cosignature.ts';
import { formatHistory, historyInvalid, jsonLines, parseHistory, parseJson, versionIdSchema, witnessProofsSchema } from './did-entries.ts';
import type { DidHistory } from './did-entries.ts';

/** The files beside a DID's address, as a web server publishes them. */
export interface DidFiles {
  /** `did.jsonl`, as did:webvh 1.0 has it. */
  readonly log: string;
  /** `did-cosignatures.json`: our cosignature over each version, `[{"versionId":…,"proof":[…]}]`. */
  readonly cosignatures?: string | undefined;
  /** `did-witness.json`, as did:webvh 1.0 has it. */
  readonly witness?: string | undefined;
}

const cosignaturesSchema = z.array(z.strictObject({ versionId: versionIdSchema, proof: z.tuple([cosignatureSchema]) })).max(MAX_DID_VERSIONS);

/**
 * A history as files for anybody's did:webvh resolver: our cosignatures stand in a file of their own.
 * @throws IdentityError `DID_LOG_INVALID` when it is no history; nothing is verified
 */
export function publishedFiles(history: DidHistory): { readonly log: string; readonly cosignatures: string; readonly witness: string | undefined } {
  const { cosigned, entries, witnessProofs } = parseHistory(history);
  const cosignatures = cosigned.flatMap(({ entry, cosignature }) => (cosignature === undefined ? [] : [{ versionId: entry.versionId, proof: [cosignature] }]));
  return { log: jsonLines(entries), cosignatures: JSON.stringify(cosignatures), witness: witnessProofs.length === 0 ? undefined : JSON.stringify(witnessProofs) };
}

/**
 * Puts fetched files together into a history, to be verified.
 * @throws IdentityError `DID_LOG_INVALID` when they are not of the expected shape, or too large
 */
export function historyFromFiles(files: DidFiles): DidHistory {
  const { entries } = parseHistory(files.log);
  try {
    const cosignatures = new Map(readFile(files.cosignatures, cosignaturesSchema).map(({ versionId, proof: [cosignature] }) => [versionId, cosignature]));
    const witnessProofs = readFile(files.witness, witnessProofsSchema);
    return formatHistory({ cosigned: entries.map((entry) => ({ entry, cosignature: cosignatures.get(entry.versionId) })), witnessProofs });
  } catch (cause) {
    throw historyInvalid(cause);
  }
}

function readFile<Element>(text: string | undefined, schema: z.ZodType<Element[]>): readonly Element[] {
  if (text === undefined) return [];
  if (Buffer.byteLength(text, 'utf8') > MAX_DID_HISTORY_BYTES) throw new Error('A file about a DID is too large.');
  return schema.parse(parseJson(text));
}
