import { makeTestAuthority, trustIn } from '../../../libs/testkit/src/network-identities.ts';
import type { TestAuthority } from '../../../libs/testkit/src/network-identities.ts';
import { measureInTurn } from '../../support/cpu.ts';
import type { Cost } from '../../support/cpu.ts';
import { BareTls } from './bare-tls.ts';
import { Loopback, makeEnd } from './loopback.ts';
import type { End } from './loopback.ts';
import { admitUnknown, makeUnknownHospital } from './members.ts';
import { signHybrid, signPeer, verifyHybrid, verifyPeer } from './primitives.ts';
import type { BenchOptions } from './report.ts';

const TARGET_RATIO = 1.5;
/** The four signatures of a handshake: each end signs with its DID (Ed25519 and ML-DSA-65) and with its PeerId, and verifies the other's. */
const ENDS = 2;
/** Of a member that was never met: its DID's history of one version, its credential, the authority's status list; at both ends. */
const VERIFIED_FIRST = 2 * 3;
const CONNECTIONS_AT_A_TIME = 8;
const RUNS = 24;

interface Pair {
  readonly initiator: End;
  readonly responder: End;
}

/** What connections cost, and the milliseconds of CPU time of what they cannot do without. */
export interface ConnectionCosts {
  readonly again: Cost;
  readonly first: Cost;
  readonly needed: number;
  readonly neededFirst: number;
}

/** Connections over loopback sockets, both ends in this process, beside Node's bare TLS and the signatures that they cannot do without. */
export async function measureConnections({ suite, print, rounds }: BenchOptions): Promise<ConnectionCosts> {
  const authority = await makeTestAuthority();
  const [loopback, bare] = await Promise.all([Loopback.listen(), BareTls.listen()]);
  try {
    const known = await makePair(authority);
    const strangers: Pair[] = [];
    const { again, first, tls, sign, verify, signByPeer, verifyByPeer, many } = await measureInTurn(
      {
        again: { runs: RUNS, run: () => loopback.connect(known.initiator, known.responder), tidy: () => loopback.drop() },
        first: {
          runs: RUNS,
          prepare: async () => {
            for (let at = 0; at < RUNS; at += 1) strangers.push(await makePair(authority));
          },
          run: () => {
            const pair = strangers.pop();
            if (pair === undefined) throw new Error('There are not enough strangers.');
            return loopback.connect(pair.initiator, pair.responder);
          },
          tidy: () => loopback.drop(),
        },
        tls: { runs: RUNS, run: () => bare.connect(), tidy: () => bare.drop() },
        sign: { runs: RUNS, run: signHybrid },
        verify: { runs: RUNS, run: verifyHybrid },
        signByPeer: { runs: RUNS, run: signPeer },
        verifyByPeer: { runs: RUNS, run: verifyPeer },
        many: {
          runs: Math.ceil(RUNS / CONNECTIONS_AT_A_TIME),
          operations: CONNECTIONS_AT_A_TIME,
          run: () => Promise.all(Array.from({ length: CONNECTIONS_AT_A_TIME }, () => loopback.connect(known.initiator, known.responder))),
          tidy: () => loopback.drop(),
        },
      },
      rounds,
    );
    const needed = tls.cpu + ENDS * (sign.cpu + verify.cpu + signByPeer.cpu + verifyByPeer.cpu);
    const neededFirst = needed + VERIFIED_FIRST * verify.cpu;
    print({
      suite,
      metric: 'CPU of a connection with handshake between members that met before, both ends',
      value: again.cpu,
      unit: 'ms',
      reference: { name: 'bare TLS and the four signatures: of both DIDs (hybrid) and both PeerIds, made and verified', value: needed },
      ratio: again.cpu / needed,
      target: `<= ${TARGET_RATIO} times`,
      meets: again.cpu / needed <= TARGET_RATIO,
    });
    print({
      suite,
      metric: 'CPU of a connection with handshake between members that never met, both ends',
      value: first.cpu,
      unit: 'ms',
      reference: { name: 'the same, and six hybrid verifications of histories, credentials and status lists', value: neededFirst },
      ratio: first.cpu / neededFirst,
    });
    const reference = 1_000 / needed;
    print({
      suite,
      metric: `connections with handshake, ${CONNECTIONS_AT_A_TIME} at a time, both ends in one process`,
      value: 1_000 / many.wall,
      unit: '1/s',
      reference: { name: 'the same primitives one after the other', value: reference },
      ratio: 1_000 / many.wall / reference,
    });
    return { again, first, needed, neededFirst };
  } finally {
    await Promise.all([loopback.stop(), bare.stop()]);
  }
}

async function makePair(authority: TestAuthority): Promise<Pair> {
  const trust = trustIn([authority]);
  const hospitals = [await makeUnknownHospital('a'), await makeUnknownHospital('b')];
  const statusLists = [await authority.statusList()];
  const [initiator, responder] = await Promise.all(
    hospitals.map(async (hospital) => makeEnd(await admitUnknown(hospital, [authority], statusLists), hospital.peerSeed, trust)),
  );
  if (initiator === undefined || responder === undefined) throw new Error('A pair has two ends.');
  return { initiator, responder };
}
