import { later } from '@carecord/core';
import type { Clock } from '@carecord/core';
import type { StatusBook } from '@carecord/identity';
import type { KeyHolder } from '@carecord/keys';
import type { Guardians } from '@carecord/locator';
import type { NetworkHost } from '@carecord/network';
import type { Storage } from '@carecord/storage';
import type { ReadinessPart } from '../health/readiness.ts';
import type { HospitalMembership } from '../identity/membership.ts';

/** A check wraps and unwraps, which a remote key holder answers with several requests: load balancers ask more often than that is worth. */
const KEY_CHECK_MILLISECONDS = 15_000;

/** What a node needs to do its work. */
export function readinessParts(needs: {
  readonly storage: Pick<Storage, 'appliedMigrations' | 'ping'>;
  readonly holder: Pick<KeyHolder, 'check' | 'kind'>;
  readonly membership: Pick<HospitalMembership, 'membership'>;
  readonly statuses: Pick<StatusBook, 'standing'>;
  readonly network: () => Pick<NetworkHost, 'addresses' | 'members'> | undefined;
  readonly guardians: () => Pick<Guardians, 'newestKey'> | undefined;
  readonly clock: Clock;
}): ReadinessPart[] {
  const { storage, holder, membership, statuses, network, guardians, clock } = needs;
  const keys = atMostEvery(KEY_CHECK_MILLISECONDS, clock, () => holder.check());
  return [
    { name: 'database', check: () => storage.ping().then(() => ({})) },
    // A storage does not open before every migration has been applied: that it is open says so.
    { name: 'migrations', check: () => Promise.resolve({ appliedAtStart: storage.appliedMigrations.length }) },
    { name: 'keys', check: () => keys().then(() => ({ holder: holder.kind })) },
    {
      // A hospital that others have put out still serves its own staff, who need their patients' records: how it stands is told.
      name: 'membership',
      check: () => {
        const { membership: own } = membership;
        return Promise.resolve({ standing: statuses.standing(own, clock.now()), validUntil: own.validUntil.toISOString() });
      },
    },
    {
      // A hospital that reaches nobody still serves its own staff: the number is told, and it stays ready.
      name: 'network',
      check: () => {
        const host = network();
        if (host === undefined || host.addresses().length === 0) return Promise.reject(new Error('The network host does not listen.'));
        return Promise.resolve({ connectedMembers: host.members().length });
      },
    },
    {
      // Without a key of the guardians nobody is looked up, and patients are published later: staff work on.
      name: 'guardians',
      check: async () => {
        const key = await guardians()?.newestKey();
        return { keyEpoch: key?.epoch ?? 0, keyVersion: key?.version ?? 0 };
      },
    },
  ];
}

/** The check, or what came of the last one while that is not older. */
function atMostEvery(milliseconds: number, clock: Clock, check: () => Promise<void>): () => Promise<void> {
  let last: { readonly until: Date; readonly result: Promise<void> } | undefined;
  return () => {
    const now = clock.now();
    if (last === undefined || now >= last.until) last = { until: later(now, milliseconds), result: check() };
    return last.result;
  };
}
