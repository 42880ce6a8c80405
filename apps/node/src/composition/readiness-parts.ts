import type { Clock } from '@carecord/core';
import type { NetworkHost } from '@carecord/network';
import type { Storage } from '@carecord/storage';
import type { ReadinessPart } from '../health/readiness.ts';
import { hasKeyFile } from '../identity/key-file.ts';

/** What a node needs to do its work. */
export function readinessParts(needs: {
  readonly storage: Pick<Storage, 'appliedMigrations' | 'ping'>;
  readonly keyFile: string;
  readonly membershipValidUntil: Date;
  readonly network: Pick<NetworkHost, 'addresses' | 'members'>;
  readonly clock: Clock;
}): ReadinessPart[] {
  const { storage, keyFile, membershipValidUntil, network, clock } = needs;
  return [
    { name: 'database', check: () => storage.ping().then(() => ({})) },
    // A storage does not open before every migration has been applied: that it is open says so.
    { name: 'migrations', check: () => Promise.resolve({ appliedAtStart: storage.appliedMigrations.length }) },
    {
      // The keys are in memory; without their file the next start would fail.
      name: 'keys',
      check: async () => {
        if (!(await hasKeyFile(keyFile))) throw new Error('The key file is gone.');
        return {};
      },
    },
    {
      name: 'membership',
      check: () => {
        if (membershipValidUntil <= clock.now()) return Promise.reject(new Error('The membership has expired.'));
        return Promise.resolve({ validUntil: membershipValidUntil.toISOString() });
      },
    },
    {
      // A hospital that reaches nobody still serves its own staff: the number is told, and it stays ready.
      name: 'network',
      check: () => {
        if (network.addresses().length === 0) return Promise.reject(new Error('The network host does not listen.'));
        return Promise.resolve({ connectedMembers: network.members().length });
      },
    },
  ];
}
