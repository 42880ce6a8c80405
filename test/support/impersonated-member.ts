import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLogger, systemClock } from '@carecord/core';
import { generalJwsSchema, hybridSigner } from '@carecord/crypto';
import { type HospitalKeySeeds, type LocalMember, type NetworkDescription, type ResolvedDid, resolveDidLog, verifyNetworkDescription } from '@carecord/identity';
import { type NetworkHost, createNetworkHost } from '@carecord/network';
import { pointerKind } from '@carecord/locator';
import { MemoryDatastore } from 'datastore-core';
import { z } from 'zod';
import { keyFilePath, loadKeyFile } from '../../apps/node/src/identity/key-file.ts';
import { demoNetworkId } from '../../apps/cli/src/network/demo-hospitals.ts';
import { query } from './database.ts';
import type { TestNetwork } from './running-network.ts';

/** A genuine member of the network whose software is the test's: it may say whatever it likes. */
export interface ImpersonatedMember {
  readonly local: LocalMember;
  readonly seeds: HospitalKeySeeds;
  readonly authority: ResolvedDid;
  readonly description: NetworkDescription;
  readonly host: NetworkHost;
}

const didSetting = z.object({ did: z.string(), log: z.string() });
const membershipSetting = z.object({ authorityLog: z.string(), credential: generalJwsSchema, networkDescription: generalJwsSchema, bootstrap: z.array(z.string()) });

/** Takes the keys and the membership of a demo hospital whose node has been stopped, and enters the network with them. */
export async function impersonate(network: TestNetwork, slug: 'alder' | 'birch' | 'chestnut'): Promise<ImpersonatedMember> {
  const { seeds, resolved } = await demoKeys(network, slug);
  const membership = membershipSetting.parse(await setting(network.hospital(slug).databaseUrl, 'identity.membership'));
  const authority = await resolveDidLog(network.network.authority.did, membership.authorityLog);
  const local: LocalMember = { networkId: demoNetworkId, resolved, credential: membership.credential, signer: hybridSigner(seeds.signing) };
  const host = await createNetworkHost({
    local,
    authority,
    peerSeed: seeds.peer,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    bootstrap: membership.bootstrap,
    valueKinds: [pointerKind],
    datastore: new MemoryDatastore(),
    clock: systemClock,
    logger: silentLogger,
  });
  await host.start();
  for (const address of network.network.authority.process.ready.p2p) await host.connect(address);
  const description = await verifyNetworkDescription(membership.networkDescription, authority);
  return { local, seeds, authority, description, host };
}

/** The keys and the DID of a demo hospital: its passphrase lies beside its key file. */
export async function demoKeys(network: TestNetwork, slug: 'alder' | 'birch' | 'chestnut'): Promise<{ seeds: HospitalKeySeeds; resolved: ResolvedDid }> {
  const directory = network.network.layout.node(slug);
  const seeds = await loadKeyFile(keyFilePath(directory), await readFile(join(directory, 'passphrase'), 'utf8'));
  if (seeds === undefined) throw new Error(`${slug} has no key file.`);
  const { did, log } = didSetting.parse(await setting(network.hospital(slug).databaseUrl, 'identity.did'));
  return { seeds, resolved: await resolveDidLog(did, log) };
}

async function setting(databaseUrl: string, name: string): Promise<unknown> {
  const [row] = await query<{ value: unknown }>(databaseUrl, 'select value from setting where name = $1', [name]);
  return typeof row?.value === 'string' ? JSON.parse(row.value) : row?.value;
}
