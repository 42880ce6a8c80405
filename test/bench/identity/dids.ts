import { systemClock } from '@carecord/core';
import { sha256 } from '@carecord/crypto';
import { DidHistories, MEMBER_POLICY } from '@carecord/identity';
import { MemoryDidHistoryStore } from '@carecord/testkit';
import { verifyHistory } from '../../../libs/identity/src/did/did-verification.ts';
import { makeTestIdentity } from '../../../libs/testkit/src/network-identities.ts';
import { measureInTurn } from '../../support/cpu.ts';
import { times, verifyHybrid } from './primitives.ts';
import { printRate } from './report.ts';
import type { BenchOptions } from './report.ts';

const LENGTHS = [1, 4, 16];
const VERIFICATIONS = 10;
const RESOLVES = 200;
/** Each version is dated after the one before, and none in the future. */
const VERSION_MILLISECONDS = 60_000;

/** DIDs of some versions: resolved again and again, and verified from the first entry on with nothing remembered. */
export async function measureDids(options: BenchOptions): Promise<void> {
  for (const versions of LENGTHS) {
    const { did, history } = await historyOf(versions);
    const { whole, verify } = await measureInTurn(
      {
        whole: { runs: VERIFICATIONS, run: () => verifyHistory(did, history, MEMBER_POLICY, systemClock.now()) },
        verify: { runs: VERIFICATIONS, operations: versions, run: () => times(versions, verifyHybrid) },
      },
      options.rounds,
    );
    printRate(options, `DID histories verified, ${versions} ${versions === 1 ? 'version' : 'versions'} (${Math.round(history.length / 1024)} KiB)`, whole, {
      name: `${versions} Ed25519 and ML-DSA-65 verifications`,
      cpu: versions * verify.cpu,
    });
  }
  await measureResolving(options);
}

async function measureResolving(options: BenchOptions): Promise<void> {
  const { did, history } = await historyOf(4);
  const histories = new DidHistories({ store: new MemoryDidHistoryStore(), clock: systemClock, policy: MEMBER_POLICY });
  await histories.accept(did, history);
  const bytes = Buffer.from(history, 'utf8');
  const { resolve, hash } = await measureInTurn({ resolve: { runs: RESOLVES, run: () => histories.resolve(did) }, hash: { runs: RESOLVES, run: () => sha256(bytes) } }, options.rounds);
  printRate(options, 'DIDs resolved, 4 versions, seen before (store in memory)', resolve, { name: 'SHA-256 of the history', cpu: hash.cpu });
}

async function historyOf(versions: number): Promise<{ readonly did: string; readonly history: string }> {
  const start = systemClock.now().getTime() - (versions + 1) * VERSION_MILLISECONDS;
  let ticks = 0;
  const identity = await makeTestIdentity('a', { ...systemClock, now: () => new Date(start + ticks * VERSION_MILLISECONDS) });
  for (ticks = 1; ticks < versions; ticks += 1) await identity.rotate();
  return { did: identity.did, history: identity.resolved.log };
}
