import { CarecordError } from '@carecord/core';

/**
 * - `DID_DOMAIN_INVALID`: not a plain host name (a DID of ours has no port and no path)
 * - `DID_INVALID`: not a DID whose history could be asked for
 * - `DID_LOG_INVALID`: a DID's history does not verify for that DID, or its document lacks one of our keys
 * - `DID_TIME_INVALID`: a version of a DID is dated before the one that it follows, or in the future
 * - `DID_PRE_ROTATION_MISSING`: a version does not commit the keys that may write the next one
 * - `DID_COSIGNATURE_*`: a version has no ML-DSA cosignature, or not by the key that the version before committed
 * - `DID_WITNESSES_MISSING`: fewer witnesses than needed have seen a version
 * - `DID_DEACTIVATED`: the DID's owner has ended it
 * - `DID_VERSION_OLDER`, `DID_VERSION_FORKED`: a newer version was seen before, or another history
 * - `DID_NOT_FOUND`: nobody has a valid history of the DID
 * - `CREDENTIAL_*`: a membership credential is not by a trusted authority or has another shape (`INVALID`), is about
 *   another hospital or network, or is not valid now
 * - `CREDENTIALS_TOO_FEW`: fewer authorities than the network demands say alike that a hospital is a member
 * - `STATUS_LIST_INVALID`: a status list is not by a trusted authority, of the future, or of another shape
 * - `NETWORK_DESCRIPTION_INVALID`: not signed by enough authorities, or of another shape
 * - `NETWORK_DESCRIPTION_OLDER`: one with a higher sequence is known
 * - `NETWORK_FILE_INVALID`: the operator's file about the network has a mistake, which the message names
 * - `APPLICATION_*`: an application for membership is not signed by its DID, is meant for another authority, or is stale
 * - `HANDSHAKE_*`: see {@link HandshakeErrorCode}
 */
export type IdentityErrorCode =
  | 'DID_DOMAIN_INVALID'
  | 'DID_INVALID'
  | 'DID_LOG_INVALID'
  | 'DID_TIME_INVALID'
  | 'DID_PRE_ROTATION_MISSING'
  | 'DID_COSIGNATURE_MISSING'
  | 'DID_COSIGNATURE_INVALID'
  | 'DID_WITNESSES_MISSING'
  | 'DID_DEACTIVATED'
  | 'DID_VERSION_OLDER'
  | 'DID_VERSION_FORKED'
  | 'DID_NOT_FOUND'
  | 'CREDENTIAL_INVALID'
  | 'CREDENTIAL_WRONG_SUBJECT'
  | 'CREDENTIAL_WRONG_NETWORK'
  | 'CREDENTIAL_NOT_YET_VALID'
  | 'CREDENTIAL_EXPIRED'
  | 'CREDENTIALS_TOO_FEW'
  | 'STATUS_LIST_INVALID'
  | 'NETWORK_DESCRIPTION_INVALID'
  | 'NETWORK_DESCRIPTION_OLDER'
  | 'NETWORK_FILE_INVALID'
  | 'APPLICATION_INVALID'
  | 'APPLICATION_WRONG_AUDIENCE'
  | 'APPLICATION_EXPIRED'
  | HandshakeErrorCode;

/**
 * Why a peer was not let in, or we do not trust it:
 * - `HANDSHAKE_INTERRUPTED`: the channel ended, or a frame was cut off
 * - `HANDSHAKE_TOO_LARGE`, `HANDSHAKE_MALFORMED`: a message is over its limit, or is none
 * - `HANDSHAKE_EXPORTER`: we were given no proper TLS exporter value to bind the connection with
 * - `HANDSHAKE_REFLECTED`: our own nonce or PeerId came back
 * - `HANDSHAKE_ROLE`: both ends claim the same role
 * - `HANDSHAKE_WRONG_NETWORK`: the peer is of another network
 * - `HANDSHAKE_EXPIRED`: the peer's statement is not for now
 * - `HANDSHAKE_PEER_ID`: not the peer that we dialled
 * - `HANDSHAKE_NO_CREDENTIAL`, `HANDSHAKE_CREDENTIAL`, `HANDSHAKE_CREDENTIAL_EXPIRED`: no membership, none by enough trusted
 *   authorities for this hospital, or none any more
 * - `HANDSHAKE_REVOKED`, `HANDSHAKE_SUSPENDED`: too few authorities still stand by the peer
 * - `HANDSHAKE_STATUS_STALE`: there is no recent word of enough authorities whether they do
 * - `HANDSHAKE_DID`: the DID's history does not verify, or is of another version than the one announced
 * - `HANDSHAKE_DID_OLD`, `HANDSHAKE_DID_FORKED`: a newer version of the DID was seen before, or another one of the same number
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
  | 'HANDSHAKE_REVOKED'
  | 'HANDSHAKE_SUSPENDED'
  | 'HANDSHAKE_STATUS_STALE'
  | 'HANDSHAKE_DID'
  | 'HANDSHAKE_DID_OLD'
  | 'HANDSHAKE_DID_FORKED'
  | 'HANDSHAKE_SIGNATURE'
  | 'HANDSHAKE_PEER_SIGNATURE';

/** Why an identity, a credential or a peer was refused. */
export class IdentityError extends CarecordError<IdentityErrorCode> {}
