import { systemClock } from '@carecord/core';
import { StatusBook } from '@carecord/identity';
import type { NetworkTrust } from '@carecord/identity';
import { MemoryStatusListStore } from '@carecord/testkit';
import { encodeJws } from '../../../libs/identity/src/encoded-jws.ts';
import { verifyEncodedMembership } from '../../../libs/identity/src/membership/membership.ts';
import { makeTestAuthority, trustIn } from '../../../libs/testkit/src/network-identities.ts';
import type { TestAuthority } from '../../../libs/testkit/src/network-identities.ts';
import { measureInTurn } from '../../support/cpu.ts';
import type { Measured } from '../../support/cpu.ts';
import { makeUnknownHospital } from './members.ts';
import type { UnknownHospital } from './members.ts';
import { times, verifyHybrid } from './primitives.ts';
import { printRate } from './report.ts';
import type { BenchOptions } from './report.ts';

const THRESHOLDS = [1, 3] as const;
const COLD_RUNS = 20;
const WARM_RUNS = 200;
const LOOKUPS_A_RUN = 1_000;

/** Credentials of k authorities as a handshake carries them, shown for the first time and again; and the status lists. */
export async function measureMemberships(options: BenchOptions): Promise<void> {
  const hospital = await makeUnknownHospital('a');
  for (const threshold of THRESHOLDS) {
    const authorities = await Promise.all(Array.from({ length: threshold }, (_, at) => makeTestAuthority(`authority-${at}`)));
    const trust = trustIn(authorities, threshold);
    const { cold, warm, verify } = await measureInTurn(
      { cold: shownFirst(hospital, authorities, trust), warm: await shownAgain(hospital, authorities, trust), verify: { runs: COLD_RUNS, operations: threshold, run: () => times(threshold, verifyHybrid) } },
      options.rounds,
    );
    const reference = { name: `${threshold} hybrid signature verifications`, cpu: threshold * verify.cpu };
    printRate(options, `memberships verified, k = ${threshold}, credentials never seen before`, cold, reference);
    printRate(options, `memberships verified, k = ${threshold}, credentials seen before`, warm, reference);
  }
  await measureStatus(options, hospital);
}

function shownFirst(hospital: UnknownHospital, authorities: readonly TestAuthority[], trust: NetworkTrust): Measured {
  const unseen: Uint8Array[][] = [];
  return {
    runs: COLD_RUNS,
    prepare: async () => {
      for (let at = 0; at < COLD_RUNS; at += 1) unseen.push(await credentialsOf(hospital, authorities));
    },
    run: () => verifyEncodedMembership(taken(unseen), { trust, subject: hospital.did, now: systemClock.now() }),
  };
}

async function shownAgain(hospital: UnknownHospital, authorities: readonly TestAuthority[], trust: NetworkTrust): Promise<Measured> {
  const credentials = await credentialsOf(hospital, authorities);
  return { runs: WARM_RUNS, run: () => verifyEncodedMembership(credentials, { trust, subject: hospital.did, now: systemClock.now() }) };
}

async function credentialsOf(hospital: UnknownHospital, authorities: readonly TestAuthority[]): Promise<Uint8Array[]> {
  return Promise.all(authorities.map(async (authority) => encodeJws(await authority.admit(hospital))));
}

async function measureStatus(options: BenchOptions, hospital: UnknownHospital): Promise<void> {
  const authority = await makeTestAuthority();
  const trust = trustIn([authority]);
  const statuses = new StatusBook({ trust, store: new MemoryStatusListStore(), clock: systemClock });
  const membership = await verifyEncodedMembership(await credentialsOf(hospital, [authority]), { trust, subject: hospital.did, now: systemClock.now() });
  await statuses.offer(await authority.statusList());
  const lists: unknown[] = [];
  const now = systemClock.now();
  const { standing, offer, verify } = await measureInTurn(
    {
      standing: {
        runs: 5,
        operations: LOOKUPS_A_RUN,
        run: () => times(LOOKUPS_A_RUN, () => {
          if (statuses.standing(membership, now) !== 'standing') throw new Error('The member does not stand.');
        }),
      },
      offer: {
        runs: COLD_RUNS,
        prepare: async () => {
          for (let at = 0; at < COLD_RUNS; at += 1) lists.push(await authority.statusList());
        },
        run: () => statuses.offer(lists.shift()),
      },
      verify: { runs: COLD_RUNS, run: verifyHybrid },
    },
    options.rounds,
  );
  printRate(options, 'looks at how a member stands', standing);
  printRate(options, 'newer status lists taken (131,072 bits)', offer, { name: 'a hybrid signature verification', cpu: verify.cpu });
}

function taken<Item>(items: Item[]): Item {
  const item = items.pop();
  if (item === undefined) throw new Error('There is nothing left to be measured with.');
  return item;
}
