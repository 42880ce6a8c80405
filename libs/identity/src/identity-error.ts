import { CarecordError } from '@carecord/core';

/**
 * - `DID_DOMAIN_INVALID`: not a plain host name (a DID of ours has no port and no path)
 * - `DID_LOG_INVALID`: a DID's history does not verify for that DID, or its document lacks one of our keys
 * - `KEY_SEEDS_INVALID`: not an encoded set of key seeds
 * - `CREDENTIAL_*`: a membership credential is not by the trusted authority or has another shape (`INVALID`), is about
 *   another hospital or network, or is not valid now
 * - `NETWORK_DESCRIPTION_INVALID`: not signed by the authority, or of another shape
 * - `APPLICATION_*`: an application for membership is not signed by its DID, is meant for another authority, or is stale
 * - `HANDSHAKE_*`: see {@link HandshakeErrorCode}
 */
export type IdentityErrorCode =
  | 'DID_DOMAIN_INVALID'
  | 'DID_LOG_INVALID'
  | 'KEY_SEEDS_INVALID'
  | 'CREDENTIAL_INVALID'
  | 'CREDENTIAL_WRONG_SUBJECT'
  | 'CREDENTIAL_WRONG_NETWORK'
  | 'CREDENTIAL_NOT_YET_VALID'
  | 'CREDENTIAL_EXPIRED'
  | 'NETWORK_DESCRIPTION_INVALID'
  | 'APPLICATION_INVALID'
  | 'APPLICATION_WRONG_AUDIENCE'
  | 'APPLICATION_EXPIRED'
  | HandshakeErrorCode;

/**
 * Why a peer was not let in, or we do not trust it:
 * - `HANDSHAKE_INTERRUPTED`: the channel ended, or a frame was cut off
 * - `HANDSHAKE_TOO_LARGE`, `HANDSHAKE_MALFORMED`: a message is over its limit, or is none
 * - `HANDSHAKE_EXPORTER`: we were given no proper TLS exporter value to bind the connection with
 * - `HANDSHAKE_REFLECTED`: our own nonce, DID or PeerId came back
 * - `HANDSHAKE_ROLE`: both ends claim the same role
 * - `HANDSHAKE_WRONG_NETWORK`: the peer is of another network
 * - `HANDSHAKE_EXPIRED`: the peer's statement is not for now
 * - `HANDSHAKE_PEER_ID`: not the peer that we dialled
 * - `HANDSHAKE_NO_CREDENTIAL`, `HANDSHAKE_CREDENTIAL`, `HANDSHAKE_CREDENTIAL_EXPIRED`: no membership, none by the trusted
 *   authority for this hospital, or none any more
 * - `HANDSHAKE_DID`: the DID's history does not verify, or is of another version than the one announced
 * - `HANDSHAKE_SIGNATURE`: the DID's keys did not sign this very connection
 * - `HANDSHAKE_PEER_SIGNATURE`: the PeerId's key did not sign this very connection
 */
export type HandshakeErrorCode =
  | 'HANDSHAKE_INTERRUPTED'
  | 'HANDSHAKE_TOO_LARGE'
  | 'HANDSHAKE_MALFORMED'
  | 'HANDSHAKE_EXPORTER'
  | 'HANDSHAKE_REFLECTED'
  | 'HANDSHAKE_ROLE'
  | 'HANDSHAKE_WRONG_NETWORK'
  | 'HANDSHAKE_EXPIRED'
  | 'HANDSHAKE_PEER_ID'
  | 'HANDSHAKE_NO_CREDENTIAL'
  | 'HANDSHAKE_CREDENTIAL'
  | 'HANDSHAKE_CREDENTIAL_EXPIRED'
  | 'HANDSHAKE_DID'
  | 'HANDSHAKE_SIGNATURE'
  | 'HANDSHAKE_PEER_SIGNATURE';

/** Why an identity, a credential or a peer was refused. */
export class IdentityError extends CarecordError<IdentityErrorCode> {}
