import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import { Closers } from './closers.ts';
import type { RunningNode } from './running-node.ts';
import { supervise } from './supervision.ts';

function supervised(stop: () => Promise<boolean>): { events: EventEmitter; exited: Promise<number>; stops: () => number } {
  const events = new EventEmitter();
  let stops = 0;
  const { promise: exited, resolve } = Promise.withResolvers<number>();
  const node: RunningNode = {
    name: 'A', did: 'did:x', peerId: 'p', http: '', p2p: [],
    stop: () => {
      stops += 1;
      return stop();
    },
  };
  supervise(node, Object.assign(events, { exit: resolve }), silentLogger);
  return { events, exited, stops: () => stops };
}

describe('supervise', () => {
  it.each(['SIGTERM', 'SIGINT', 'disconnect'])('stops on %s and exits with 0', async (event) => {
    const { events, exited } = supervised(() => Promise.resolve(true));
    events.emit(event);
    expect(await exited).toBe(0);
  });

  it('stops once, however many signals come', async () => {
    const { events, exited, stops } = supervised(() => Promise.resolve(true));
    for (const event of ['SIGINT', 'SIGINT', 'SIGTERM', 'disconnect']) events.emit(event);
    expect(await exited).toBe(0);
    expect(stops()).toBe(1);
  });

  it('exits with 1 when something did not close, and after an uncaught exception', async () => {
    const unclean = supervised(() => Promise.resolve(false));
    unclean.events.emit('SIGTERM');
    expect(await unclean.exited).toBe(1);
    const crashed = supervised(() => Promise.resolve(true));
    crashed.events.emit('uncaughtException', new Error('x'));
    expect(await crashed.exited).toBe(1);
  });

  it('goes on after an unhandled rejection', () => {
    const { events, stops } = supervised(() => Promise.resolve(true));
    events.emit('unhandledRejection', new Error('x'));
    expect(stops()).toBe(0);
  });
});

describe('Closers', () => {
  it('closes in the opposite order, once, and goes on after a failure', async () => {
    const closed: string[] = [];
    const closers = new Closers(silentLogger);
    for (const name of ['storage', 'network', 'http']) {
      closers.add(name, () => {
        closed.push(name);
        return name === 'network' ? Promise.reject(new Error('x')) : Promise.resolve();
      });
    }
    expect(await Promise.all([closers.close(), closers.close()])).toEqual([false, false]);
    expect(closed).toEqual(['http', 'network', 'storage']);
  });
});
