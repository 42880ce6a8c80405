import { setTimeout as pause } from 'node:timers/promises';
import type { NetworkHost } from '@carecord/network';
import { makeTestNetwork } from '../../../libs/testkit/src/network-fixture.ts';
import type { TestNetwork } from '../../../libs/testkit/src/network-fixture.ts';
import { noteKind } from '../../support/network-process/note.ts';

/** Above it hosts find each other from the first one, as they do in a large network. */
const MOST_INTRODUCED = 32;
/** The CPU time of a quiet process, as a share of one core. */
const QUIET_SHARE = 0.1;
const LOOK_MILLISECONDS = 500;
const MOST_LOOKS = 60;
const MICROSECONDS_A_MILLISECOND = 1_000;

/** Hosts in this process, which have found each other and have published their adverts. The same ones in every run. */
export async function startHosts(hospitals: number): Promise<TestNetwork> {
  const network = await makeTestNetwork({ hospitals, seed: 'bench', valueKinds: [noteKind], connected: hospitals > MOST_INTRODUCED ? 'by-bootstrap' : 'each-with-each' });
  await untilQuiet();
  return network;
}

/** Waits until this process has little to do. @returns the share of one core that it needs then */
export async function untilQuiet(): Promise<number> {
  let share = 1;
  for (let look = 0; look < MOST_LOOKS && share > QUIET_SHARE; look += 1) share = await shareOfCore(LOOK_MILLISECONDS);
  return share;
}

/** The share of one core that this process needs while it is left alone. */
export async function shareOfCore(milliseconds: number): Promise<number> {
  const started = performance.now();
  const before = process.cpuUsage();
  await pause(milliseconds);
  return cpuSince(before) / (performance.now() - started);
}

/** Milliseconds of CPU time of all threads of this process. */
export function cpuSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / MICROSECONDS_A_MILLISECOND;
}

/** Questions that these hosts have sent, and the bytes of the questions and their answers. */
export async function sentBy(hosts: readonly Pick<NetworkHost, 'statistics'>[]): Promise<{ readonly messages: number; readonly bytes: number }> {
  const all = (await Promise.all(hosts.map((host) => host.statistics()))).flatMap(({ messages }) => messages);
  const sent = all.filter(({ direction }) => direction === 'sent');
  return { messages: sent.reduce((sum, { count }) => sum + count, 0), bytes: sent.reduce((sum, { bytes }) => sum + bytes, 0) };
}
