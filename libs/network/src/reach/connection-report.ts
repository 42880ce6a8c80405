import type { Connection } from '@libp2p/interface';
import type { ConnectionSecurity } from '../encrypter/connection-security.ts';
import type { PeerReport } from '../ports.ts';
import { isRelayed } from './addresses.ts';

/** The connection that is used: a direct one before a relayed one; `undefined` when none is open. */
export function preferredConnection(connections: readonly Connection[]): Connection | undefined {
  const open = connections.filter(({ status }) => status === 'open');
  return open.find(({ remoteAddr }) => !isRelayed(remoteAddr)) ?? open[0];
}

/** What an operator sees of a connection. */
export function reportConnection(
  connection: Connection | undefined,
  securityOf: (connection: Connection) => Pick<ConnectionSecurity, 'group'> | undefined,
): Pick<PeerReport, 'group' | 'address' | 'relayed'> {
  if (connection === undefined) return { group: undefined, address: undefined, relayed: false };
  return { group: securityOf(connection)?.group, address: connection.remoteAddr.toString(), relayed: isRelayed(connection.remoteAddr) };
}
