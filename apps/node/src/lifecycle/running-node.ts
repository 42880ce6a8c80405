/** A node that is ready. */
export interface RunningNode {
  readonly name: string;
  readonly did: string;
  readonly peerId: string;
  /** Base address, e.g. `http://127.0.0.1:4101`. */
  readonly http: string;
  /** Where GraphQL is; an authority has none. */
  readonly graphql?: string;
  /** libp2p addresses with `/p2p/<peerId>`. */
  readonly p2p: readonly string[];
  /** Finishes what is under way and closes everything; repeating it is harmless. @returns whether it went cleanly */
  stop(): Promise<boolean>;
}
