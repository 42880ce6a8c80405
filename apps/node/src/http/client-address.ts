import { addressBlock } from '@carecord/core';

/** The part of an Express request that says where it comes from; `ip` minds the trusted proxies. */
export interface AddressedRequest {
  readonly ip?: string | undefined;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** Whom a limit counts: the address that a request comes from, of IPv6 its network. */
export function clientAddress(request: AddressedRequest): string {
  return addressBlock(request.ip ?? request.socket.remoteAddress ?? 'unknown');
}
