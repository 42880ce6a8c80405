import { BoundedCache, decodeWire, encodeWire } from '@carecord/core';
import { constantTimeEqual, sha256 } from '@carecord/crypto';
import type { GeneralJws } from '@carecord/crypto';
import type { DidHistory } from '../did/did-entries.ts';
import type { ResolvedDid } from '../did/did-history.ts';
import { encodeJws } from '../encoded-jws.ts';
import type { LocalMember } from '../local-identity.ts';
import { MAX_CREDENTIALS } from '../membership/membership.ts';
import { MAX_AUTHORITIES } from '../network/network-shape.ts';
import { evidenceSchema, MAX_EVIDENCE_BYTES, MAX_STAPLED_BYTES } from './messages.ts';
import type { Evidence } from './messages.ts';

/** What a member shows of itself, as it goes over the wire, and its hash, which stands in the hello. */
export interface EncodedEvidence {
  readonly encoded: Uint8Array;
  readonly digest: Uint8Array;
}

interface OwnEvidence extends EncodedEvidence {
  readonly credentials: LocalMember['credentials'];
  readonly statusLists: LocalMember['statusLists'];
}

const own = new WeakMap<ResolvedDid, OwnEvidence>();

/** Our own: the same until the DID, a credential or a list changes, so it is made once until then. */
export function ownEvidence({ resolved, credentials, statusLists }: LocalMember): EncodedEvidence {
  const known = own.get(resolved);
  if (known !== undefined && sameElements(known.credentials, credentials) && sameElements(known.statusLists, statusLists)) return known;
  const encoded = encodeWire(evidenceSchema, {
    didHistory: new Uint8Array(Buffer.from(resolved.log, 'utf8')),
    credentials: credentials.slice(0, MAX_CREDENTIALS).map(encodeJws),
    statusLists: stapled(statusLists),
  });
  const made = { credentials, statusLists, encoded, digest: sha256(encoded) };
  own.set(resolved, made);
  return made;
}

/** Reads what was announced by its hash. @throws WireError when it is not of the shape; Error when it is something else */
export function readEvidence(encoded: Uint8Array, digest: Uint8Array): ShownEvidence {
  if (!constantTimeEqual(sha256(encoded), digest)) throw new Error('It is not what the hello announced.');
  const evidence = decodeWire(evidenceSchema, encoded, MAX_EVIDENCE_BYTES);
  const { buffer, byteOffset, length } = evidence.didHistory;
  return { evidence, history: Buffer.from(buffer, byteOffset, length).toString('utf8') };
}

/** Evidence of some hundreds of members, about 30 KiB each. */
const REMEMBERED_BYTES = 32 * 1024 * 1024;

/** Evidence with what was read of it. */
export interface ShownEvidence {
  readonly evidence: Evidence;
  readonly history: DidHistory;
  /** What the history says, once it has been verified. */
  readonly resolved?: ResolvedDid;
}

/**
 * What members have shown, by its hash, so that it need not be sent again with each connection. Whether they still stand, and
 * whether the DID has a newer version, is checked each time. Only what belonged to a proven member is remembered, and nobody
 * else can name its hash, since nobody else has seen it.
 */
export class KnownEvidence {
  private readonly known = new BoundedCache<Required<ShownEvidence>>({ size: REMEMBERED_BYTES });

  find(digest: Uint8Array): Required<ShownEvidence> | undefined {
    return this.known.get(keyOf(digest));
  }

  keep(digest: Uint8Array, shown: Required<ShownEvidence>): void {
    const { credentials, statusLists } = shown.evidence;
    const size = [...credentials, ...statusLists].reduce((sum, { length }) => sum + length, 2 * shown.history.length);
    this.known.set(keyOf(digest), shown, size);
  }
}

function keyOf(digest: Uint8Array): string {
  return Buffer.from(digest).toString('base64');
}

function sameElements<Element>(one: readonly Element[], other: readonly Element[]): boolean {
  return one === other || (one.length === other.length && one.every((element, at) => element === other[at]));
}

/** As many status lists as fit, the small ones first: one authority with a huge list must not crowd out the others. The peer fetches the rest. */
function stapled(lists: readonly GeneralJws[]): Uint8Array[] {
  const fitting: Uint8Array[] = [];
  let left = MAX_STAPLED_BYTES;
  const encodedLists = lists.slice(0, MAX_AUTHORITIES).map(encodeJws);
  for (const encoded of encodedLists.sort((one, other) => one.length - other.length)) {
    left -= encoded.length;
    if (left < 0) break;
    fitting.push(encoded);
  }
  return fitting;
}
