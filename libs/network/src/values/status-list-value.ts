import { decodeWire, encodeWire, later } from '@carecord/core';
import type { Clock } from '@carecord/core';
import { constantTimeEqual, generalJwsSchema, hashWithContext } from '@carecord/crypto';
import type { GeneralJws } from '@carecord/crypto';
import { readStatusList, verifyStatusList } from '@carecord/identity';
import type { NetworkTrust } from '@carecord/identity';
import { valueRefused } from '../network-error.ts';
import type { DhtValueKind, DhtValueMeta, DhtValueName } from '../ports.ts';
import { MAX_VALUE_BYTES } from './value-rules.ts';

/** An authority's newest status list, so that it is found without the authority: see {@link statusListKey}. */
export const STATUS_LIST: DhtValueName = { namespace: 'status-list' };

const KEY_CONTEXT = 'network/status-list';

/** SHA-256 of the authority's DID and the list's URL. */
export function statusListKey(authority: string, listUrl: string): Uint8Array {
  return hashWithContext(KEY_CONTEXT, authority, listUrl);
}

/** The list as a value; `undefined` for one that is too large for the DHT, which goes from member to member alone. */
export function statusListValue(jws: GeneralJws): Uint8Array | undefined {
  const value = encodeWire(generalJwsSchema, { payload: jws.payload, signatures: [...jws.signatures] });
  return value.length > MAX_VALUE_BYTES ? undefined : value;
}

/** The list in a value that passed {@link StatusListKind}. */
export function statusListOf(value: Uint8Array): GeneralJws {
  return decodeWire(generalJwsSchema, value, MAX_VALUE_BYTES);
}

/** The kind `status-list`: anybody may put one there, but only what a trusted authority signed, and never an older one. */
export class StatusListKind implements DhtValueKind {
  readonly namespace = STATUS_LIST.namespace;
  readonly maxBytes = MAX_VALUE_BYTES;

  constructor(private readonly known: { readonly trust: NetworkTrust; readonly clock: Clock }) {}

  async validate(key: Uint8Array, value: Uint8Array): Promise<DhtValueMeta> {
    const { trust, clock } = this.known;
    const jws = statusListOf(value);
    const { issuer } = readStatusList(jws);
    const authority = trust.authorities().find(({ did }) => did === issuer);
    if (authority === undefined) throw valueRefused('A status list is not by a trusted authority.');
    const { url, validFrom, validUntil } = await verifyStatusList(jws, { authority, now: clock.now() });
    if (!constantTimeEqual(statusListKey(authority.did, url), key)) throw valueRefused('A status list stands under the key of another one.');
    // Older than that nobody believes it.
    const tooOld = later(validFrom, trust.statusMaxAgeMilliseconds);
    return { sequence: validFrom.getTime(), owner: authority.did, expiresAt: tooOld < validUntil ? tooOld : validUntil };
  }
}
