import type { Connection, Libp2p } from '@libp2p/interface';
import { describe, expect, it } from '@jest/globals';
import { limitConnections, MAX_CONNECTIONS_A_MEMBER } from './connection-limit.ts';

/** A node with connections that a test opens, each of a peer of its own. */
function makeNode() {
  const connections: Connection[] = [];
  const ended: string[] = [];
  let opened: (event: CustomEvent<Connection>) => void = () => undefined;
  const node = { addEventListener: (_type: string, listener: typeof opened) => (opened = listener), getConnections: () => [...connections] } as unknown as Libp2p;
  limitConnections({ node, memberOf: (peerId) => (peerId.startsWith('stranger') ? undefined : peerId.split('-')[0]) });
  const open = (peerId: string): void => {
    const abort = (): void => {
      ended.push(peerId);
      connections.splice(connections.indexOf(connection), 1);
    };
    const connection = { remotePeer: { toString: () => peerId }, status: 'open', timeline: { open: connections.length }, abort } as unknown as Connection;
    connections.push(connection);
    opened(new CustomEvent('connection:open', { detail: connection }));
  };
  return { ended, open };
}

describe('limitConnections', () => {
  it('ends the oldest connection of a member with more than it may have, and no other member\'s', () => {
    const { ended, open } = makeNode();
    open('b-0');
    for (let at = 0; at < MAX_CONNECTIONS_A_MEMBER; at++) open(`a-${at}`);
    expect(ended).toEqual([]);
    open('a-new');
    expect(ended).toEqual(['a-0']);
    open('b-1');
    open('stranger');
    expect(ended).toEqual(['a-0']);
  });
});
