import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { HospitalClient } from '../../apps/cli/src/client/hospital-client.ts';
import { type LocalNetwork, type RunningHospital, startLocalNetwork } from '../../apps/cli/src/network/local-network.ts';
import type { Progress } from '../../apps/cli/src/progress.ts';

/** Starting three hospitals takes seconds on an idle machine and more on a busy one: what `beforeAll` may take. */
export const NETWORK_START_TIMEOUT_MILLISECONDS = 180_000;

/** Says nothing: tests speak by passing or failing. */
export const quietProgress: Progress = { during: (_title, work) => work(() => undefined) };

/** A local network of real processes in a folder of its own. */
export interface TestNetwork {
  readonly network: LocalNetwork;
  readonly directory: string;
  hospital(slug: 'alder' | 'birch' | 'chestnut'): RunningHospital;
  /** A client signed in as the demo account of the role. */
  as(slug: 'alder' | 'birch' | 'chestnut', role: 'clinician' | 'front-desk' | 'privacy-officer' | 'administrator'): Promise<HospitalClient>;
  stop(): Promise<void>;
}

/** Publishing some dozen patients takes seconds: longer means that it is stuck. */
const PUBLISHING_TIMEOUT_MILLISECONDS = 90_000;
const POLL_MILLISECONDS = 100;

/** Waits until a hospital's outbox has nothing left to publish. */
export async function untilPublished(administrator: HospitalClient): Promise<void> {
  const deadline = Date.now() + PUBLISHING_TIMEOUT_MILLISECONDS;
  for (;;) {
    const { pendingPublications } = await administrator.nodeStatus();
    if (pendingPublications === 0) return;
    if (Date.now() > deadline) throw new Error(`${pendingPublications} publications are still pending.`);
    await pause(POLL_MILLISECONDS);
  }
}

/** Starts three hospitals and the authority; the folder is removed by `stop`. */
export async function startTestNetwork(): Promise<TestNetwork> {
  const directory = await mkdtemp(join(tmpdir(), 'carecord-test-'));
  const network = await startLocalNetwork({ directory, progress: quietProgress, fsync: false });
  const hospital = (slug: string): RunningHospital => {
    const found = network.hospitals.find((candidate) => candidate.hospital.slug === slug);
    if (found === undefined) throw new RangeError(`There is no hospital ${slug}.`);
    return found;
  };
  return {
    network,
    directory,
    hospital,
    as: (slug, role) => {
      const user = hospital(slug).users.find((candidate) => candidate.role === role);
      if (user === undefined) throw new RangeError(`There is no account with the role ${role}.`);
      return HospitalClient.signIn(hospital(slug).graphql, user);
    },
    stop: async () => {
      await network.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
