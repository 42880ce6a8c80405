import { CarecordError } from '@carecord/core';

/**
 * - `UNREACHABLE`: the member is not connected, has no valid advert, cannot be dialled, or proved to be another one
 * - `TIMEOUT`: no answer within the protocol's time limit
 * - `REMOTE_REFUSED`: the member answered with a code, which stands in `remoteCode`
 * - `REQUEST_TOO_LARGE`: what we wanted to send is over the protocol's limit
 * - `RESPONSE_INVALID`: the answer is malformed, over its limit or broken off
 * - `VALUE_REFUSED`: a DHT value of an unknown kind, over its limit, expired, badly signed, older than one seen or of another owner
 * - `BLOCK_INVALID`: a block that is not what its content id says, or that nobody asked for
 * - `ENCRYPTION_REFUSED`: the TLS part of a connection failed, e.g. the peer offers no post-quantum key agreement
 * - `HANDSHAKE_TIMEOUT`: a peer did not prove its membership in time
 * - `HANDSHAKE_TOO_COSTLY`: an address showed more new DID histories than may be verified for it, or a member more than are taken from it
 * - `TOO_MANY_LISTS`: a member pushes the status lists of one authority too often
 * - `TOO_MANY_VALUES`: a member has us look through more values than one may
 * - `PROTOCOL_TAKEN`: two handlers, or two value kinds, of one name
 * - `PUBLISHING_FAILED`: a value of our own could not be kept even in our own store
 * - `DHT_OFF`: this node takes no part in the DHT
 * - `ADDRESS_INVALID`: a configured address on which nobody can listen, or which nobody could dial
 */
export type NetworkErrorCode =
  | 'UNREACHABLE'
  | 'TIMEOUT'
  | 'REMOTE_REFUSED'
  | 'REQUEST_TOO_LARGE'
  | 'RESPONSE_INVALID'
  | 'VALUE_REFUSED'
  | 'BLOCK_INVALID'
  | 'ENCRYPTION_REFUSED'
  | 'HANDSHAKE_TIMEOUT'
  | 'HANDSHAKE_TOO_COSTLY'
  | 'TOO_MANY_LISTS'
  | 'TOO_MANY_VALUES'
  | 'PROTOCOL_TAKEN'
  | 'PUBLISHING_FAILED'
  | 'DHT_OFF'
  | 'ADDRESS_INVALID';

/** What can go wrong between two nodes. */
export class NetworkError extends CarecordError<NetworkErrorCode> {
  /** With `REMOTE_REFUSED`: the code that the other member gave. */
  readonly remoteCode: string | undefined;

  constructor(code: NetworkErrorCode, message: string, options?: { readonly cause?: unknown; readonly remoteCode?: string }) {
    super(code, message, options);
    this.remoteCode = options?.remoteCode;
  }
}

/** The refusal of a DHT value: what every {@link DhtValueKind} throws for a value that must not be in the DHT. */
export function valueRefused(message: string, cause?: unknown): NetworkError {
  return new NetworkError('VALUE_REFUSED', message, { cause });
}
