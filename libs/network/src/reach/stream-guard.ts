import type { Connection, Stream, StreamHandler, StreamHandlerOptions } from '@libp2p/interface';

/** The part of libp2p's registrar that a service registers its protocol with. */
interface ProtocolRegistrar {
  handle(protocol: string, handler: StreamHandler, options?: StreamHandlerOptions): Promise<void>;
}

/**
 * The components of libp2p for one of its services, but each stream that the service is to answer is looked at first: a stream that
 * is not allowed is reset unread. (Its own stream middleware is broken: with each stream it registers the handler once more.)
 */
export function guardStreams<Components extends { readonly registrar: ProtocolRegistrar }>(
  components: Components,
  allows: (connection: Connection) => boolean,
): Components {
  const registrar = Object.create(components.registrar) as ProtocolRegistrar;
  registrar.handle = (protocol, handler, options) => {
    const guarded = (stream: Stream, connection: Connection): void | Promise<void> => {
      if (allows(connection)) return handler(stream, connection);
      stream.abort(new Error('NOT_ALLOWED'));
    };
    return components.registrar.handle(protocol, guarded, options);
  };
  // libp2p's components are a proxy, whose properties cannot be spread.
  return Object.create(components, { registrar: { value: registrar } }) as Components;
}
