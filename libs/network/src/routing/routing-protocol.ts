import { bytes } from '@carecord/core';
import { didSchema, MAX_DID_CHARACTERS, MAX_PEER_ID_CHARACTERS } from '@carecord/identity';
import { z } from 'zod';
import type { MessageProtocol } from '../ports.ts';
import { NODE_ID_BYTES } from './node-id.ts';
import { BUCKET_SIZE, MAX_ADDRESSES } from './routing-table.ts';

/** A multiaddr with a DNS name of 253 characters and two PeerIds: that of a relay and that of the peer behind it. */
export const MAX_ADDRESS_CHARACTERS = 480;
/** What a contact is made of, and the names around it. */
const CONTACT_BYTES = MAX_DID_CHARACTERS + MAX_PEER_ID_CHARACTERS + MAX_ADDRESSES * MAX_ADDRESS_CHARACTERS + 128;
/** Liveness: who does not answer within five seconds, its connection included, is taken for gone. */
export const PING_MILLISECONDS = 5_000;
/** No question of a lookup takes longer; most of those that are not answered are given up long before. */
export const QUERY_MILLISECONDS = 10_000;

const contactSchema = z.strictObject({
  did: didSchema,
  peerId: z.string().min(1).max(MAX_PEER_ID_CHARACTERS),
  addresses: z.array(z.string().min(1).max(MAX_ADDRESS_CHARACTERS)).min(1).max(MAX_ADDRESSES),
});

/** Where a member says that another one can be found: a hint until a connection has proved it. */
export type NamedContact = z.infer<typeof contactSchema>;

const closestRequestSchema = z.strictObject({ target: bytes({ exactly: NODE_ID_BYTES }) });
const closestResponseSchema = z.strictObject({ contacts: z.array(contactSchema).max(BUCKET_SIZE) });

/** `/carecord/routing/closest/1`: which members do you know that are closest to a place? */
export const CLOSEST_PROTOCOL = {
  name: '/carecord/routing/closest/1',
  request: closestRequestSchema,
  response: closestResponseSchema,
  maxRequestBytes: 64,
  maxResponseBytes: BUCKET_SIZE * CONTACT_BYTES,
  timeoutMilliseconds: QUERY_MILLISECONDS,
  // A hospital that publishes all its patients anew looks up each region of the key space once, some at a time.
  rate: { burst: 400, perSecond: 50 },
} as const satisfies MessageProtocol<typeof closestRequestSchema, typeof closestResponseSchema>;

const emptySchema = z.strictObject({});

/** `/carecord/routing/ping/1`: are you there, and do you take part in the DHT? */
export const PING_PROTOCOL = {
  name: '/carecord/routing/ping/1',
  request: emptySchema,
  response: emptySchema,
  maxRequestBytes: 16,
  maxResponseBytes: 16,
  timeoutMilliseconds: PING_MILLISECONDS,
  // Several nodes of a hospital each look after it every few minutes, and once more whenever a question failed.
  rate: { burst: 60, perSecond: 2 },
} as const satisfies MessageProtocol<typeof emptySchema, typeof emptySchema>;
