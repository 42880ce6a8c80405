import type { Libp2p } from '@libp2p/interface';
import { orAborted } from '../abort.ts';
import { NetworkError } from '../network-error.ts';
import type { DhtEntry, DhtPlace, DhtValueName, DhtValues, NetworkHost, Placement, PublishOptions, RepairReport } from '../ports.ts';
import { nodeIdOf } from '../routing/node-id.ts';
import type { Router } from '../routing/router.ts';
import { findHolders } from '../values/reference.ts';
import type { ValueNetwork } from '../values/value-network.ts';

/** How long the first lookup waits for a connected peer to be in the routing table: a round trip of identify. */
const ROUTING_TIMEOUT_MILLISECONDS = 2_000;
/** What can be read without the DHT. */
const NOTHING: DhtValues = { values: [], complete: false };

/** What {@link HostValues} works with. */
export interface HostValuesOptions {
  readonly values: ValueNetwork;
  readonly router: Router;
  readonly node: Pick<Libp2p, 'getConnections'>;
  readonly isInDht: boolean;
  /** Whether there is somebody whom we are to know. */
  readonly hasBootstrap: boolean;
  /** Aborted when the host stops. */
  readonly stopping: () => AbortSignal;
}

/** The values of the DHT as a host gives them: once it has joined, and saying so when it is cut off. */
export class HostValues implements Pick<NetworkHost, 'findProviders' | 'get' | 'getAll' | 'publish' | 'put' | 'readAll' | 'repair'> {
  constructor(private readonly options: HostValuesOptions) {}

  async put(kind: DhtValueName, key: Uint8Array, value: Uint8Array): Promise<{ stored: number }> {
    await this.readyToWrite();
    return this.options.values.put(kind, key, value);
  }

  async get(kind: DhtValueName, key: Uint8Array): Promise<Uint8Array | undefined> {
    return (await this.readyToRead()) ? this.options.values.get(kind, key) : undefined;
  }

  async getAll(kind: DhtValueName, key: Uint8Array): Promise<DhtValues> {
    return (await this.readyToRead()) ? this.asFarAsSeen(await this.options.values.getAll(kind, key)) : NOTHING;
  }

  async publish(entries: readonly DhtEntry[], options?: PublishOptions): Promise<Placement[]> {
    await this.readyToWrite();
    return this.options.values.publish(entries, options);
  }

  async readAll(places: readonly DhtPlace[], options?: { readonly signal?: AbortSignal }): Promise<DhtValues[]> {
    if (!(await this.readyToRead())) return places.map(() => NOTHING);
    const found = await this.options.values.readAll(places, options);
    return found.map((values) => this.asFarAsSeen(values));
  }

  async repair(): Promise<RepairReport> {
    return this.options.isInDht ? this.options.values.repair() : { checked: 0, handedOver: 0, underReplicated: 0 };
  }

  async findProviders(contentId: string): Promise<string[]> {
    return (await this.readyToRead()) ? findHolders(this.options.values, contentId) : [];
  }

  /** Looks for a hospital by its DID: whoever is met on the way is in the routing table afterwards. */
  async lookUp(did: string): Promise<void> {
    if (await this.readyToRead()) await this.options.router.lookup(nodeIdOf(did), { count: 1, signal: this.options.stopping() });
  }

  /** A node that is cut off from those whom it is to know has seen its own part alone: nobody else's silence says that there is nothing. */
  private asFarAsSeen(found: DhtValues): DhtValues {
    const isCutOff = this.options.router.table.size === 0 && this.options.hasBootstrap;
    return isCutOff ? { ...found, complete: false } : found;
  }

  private async readyToWrite(): Promise<void> {
    if (!(await this.readyToRead())) throw new NetworkError('DHT_OFF', 'This node takes no part in the DHT.');
  }

  /** The routing table learns of a peer a moment after it has connected: without waiting, the first lookup of a node would ask nobody. */
  private async readyToRead(): Promise<boolean> {
    const { isInDht, node, router, stopping } = this.options;
    if (!isInDht || router.table.size > 0 || node.getConnections().length === 0) return isInDht;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const stopListening = router.onChange(() => resolve(undefined));
    // Too late or stopping: the lookup asks whom it knows.
    await orAborted(promise, AbortSignal.any([stopping(), AbortSignal.timeout(ROUTING_TIMEOUT_MILLISECONDS)])).catch(() => undefined);
    stopListening();
    return true;
  }
}
