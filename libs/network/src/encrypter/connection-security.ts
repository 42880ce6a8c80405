import type { MultiaddrConnection, MultiaddrConnectionTimeline } from '@libp2p/interface';

/** What the encrypter knows of a connection that it has secured. */
export interface ConnectionSecurity {
  /** The key agreement that TLS negotiated, e.g. `X25519MLKEM768`. */
  readonly group: string;
  /** Whether the peer has sent anything since this was asked last. */
  takeHeard(): boolean;
}

/** Finds what is known of a connection, as long as it lives. */
export class SecuredConnections {
  // The timeline is the one object that a raw connection and libp2p's connection over it have in common.
  private readonly byTimeline = new WeakMap<MultiaddrConnectionTimeline, ConnectionSecurity>();

  /** @param raw the connection under the encryption */
  add(raw: Partial<Pick<MultiaddrConnection, 'timeline'>>, security: ConnectionSecurity): void {
    if (raw.timeline !== undefined) this.byTimeline.set(raw.timeline, security);
  }

  /** @param connection libp2p's connection */
  of(connection: Pick<MultiaddrConnection, 'timeline'>): ConnectionSecurity | undefined {
    return this.byTimeline.get(connection.timeline);
  }
}
