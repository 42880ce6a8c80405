import { errorCodeOf } from '@carecord/core';
import type { HandshakeErrorCode } from '@carecord/identity';
import type { NetworkErrorCode } from '../network-error.ts';

const REFUSALS = [
  'ENCRYPTION_REFUSED',
  'HANDSHAKE_TIMEOUT',
  'HANDSHAKE_TOO_COSTLY',
  'HANDSHAKE_INTERRUPTED',
  'HANDSHAKE_TOO_LARGE',
  'HANDSHAKE_MALFORMED',
  'HANDSHAKE_EXPORTER',
  'HANDSHAKE_REFLECTED',
  'HANDSHAKE_ROLE',
  'HANDSHAKE_WRONG_NETWORK',
  'HANDSHAKE_EXPIRED',
  'HANDSHAKE_PEER_ID',
  'HANDSHAKE_NO_CREDENTIAL',
  'HANDSHAKE_CREDENTIAL',
  'HANDSHAKE_CREDENTIAL_EXPIRED',
  'HANDSHAKE_REVOKED',
  'HANDSHAKE_SUSPENDED',
  'HANDSHAKE_STATUS_STALE',
  'HANDSHAKE_DID',
  'HANDSHAKE_DID_OLD',
  'HANDSHAKE_DID_FORKED',
  'HANDSHAKE_SIGNATURE',
  'HANDSHAKE_PEER_SIGNATURE',
] as const satisfies readonly (HandshakeErrorCode | NetworkErrorCode)[];

/** Why a connection did not come about; `UNEXPECTED` for what is no refusal, such as a database that failed. A closed set: it labels statistics. */
export type ConnectionRefusal = (typeof REFUSALS)[number] | 'UNEXPECTED';

/** The reason behind an error. */
export function refusalOf(error: unknown): ConnectionRefusal {
  const code = errorCodeOf(error);
  return REFUSALS.find((refusal) => refusal === code) ?? 'UNEXPECTED';
}
