/**
 * Nodes among each other: connections that only members get, messages with limits, a Kademlia in which only values of
 * registered kinds can be, and blocks fetched by content id.
 *
 * @example
 * const host = await createNetworkHost({ local, trust, statuses, histories, peerSeed, listen: ['/ip4/127.0.0.1/tcp/0'], bootstrap, valueKinds: [], datastore, clock, logger });
 * host.handle(greeting, async ({ text }, from) => ({ text: `${text} to you too, ${from.name}` }));
 * await host.start();
 * await host.request(greeting, 'did:webvh:…:b.hospital.example', { text: 'hello' });
 * await host.stop();
 */
export { fetchBlocks, fetchBlocksInParts, MAX_BLOCK_BYTES, registerBlocks } from './blocks/blocks.ts';
export { isHospitalMember } from './hospital-member.ts';
export { createNetworkHost } from './host/create-network-host.ts';
export { networkDidSource } from './identity/network-did-source.ts';
export { NetworkError, valueRefused } from './network-error.ts';
export { publishReference, publishReferences } from './values/reference.ts';
export { MAX_VALUE_BYTES } from './values/value-rules.ts';
export { MAX_VALUE_OWNERS } from './values/value-network.ts';
export type { BlocksPart } from './blocks/blocks.ts';
export type { NetworkErrorCode } from './network-error.ts';
export type {
  BlockProvider,
  DhtEntry,
  DhtPlace,
  DhtValueKind,
  DhtValueMeta,
  DhtValueName,
  DhtValues,
  FoundValue,
  KnownMember,
  Member,
  MessageCount,
  MessageHandler,
  MessageProtocol,
  NetworkHost,
  NetworkHostOptions,
  NetworkStatistics,
  PeerReport,
  Placement,
  PublishOptions,
  PublishProgress,
  RepairReport,
  Told,
} from './ports.ts';
export type {
  Attachment,
  DhtValueStore,
  NewValue,
  PutOutcome,
  SourceCap,
  StoredValue,
  ValueBatch,
  ValueCount,
  ValueCursor,
  ValueGroup,
  ValueHeader,
  ValuePlace,
  ValueSource,
} from './values/value-store-port.ts';
export type { Publication } from './values/reference.ts';
