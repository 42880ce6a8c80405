import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomKey } from '@carecord/crypto';
import { openPkcs11Holder, openSealedFileHolder, openVaultTransitHolder } from '@carecord/keys';
import type { KeyHolder } from '@carecord/keys';
import { makeSoftToken, whyNoToken } from '../../../libs/keys/src/pkcs11/soft-token.fixture.ts';
import { VaultStandIn } from '../../../libs/testkit/src/vault-stand-in.ts';
import { measureInTurn } from '../../support/cpu.ts';
import { sealAndOpen } from './primitives.ts';
import { printRate } from './report.ts';
import type { BenchOptions } from './report.ts';

const RUNS = 100;
const BARE_RUNS = 2_000;

interface Place {
  readonly name: string;
  readonly holder: KeyHolder;
  remove(): Promise<void>;
}

/** Keys wrapped and unwrapped by each kind of key holder that this machine has. */
export async function measureHolders(options: BenchOptions): Promise<void> {
  for (const open of [sealedFile, softToken, vault]) {
    const place = await open();
    if (place === undefined) continue;
    try {
      await measureHolder(options, place);
    } finally {
      await place.holder.close();
      await place.remove();
    }
  }
}

async function measureHolder(options: BenchOptions, { name, holder }: Place): Promise<void> {
  const [secret, binding] = [randomKey(), randomKey()];
  await holder.createRootKey();
  const { both, bare } = await measureInTurn(
    {
      both: { runs: RUNS, run: async () => holder.unwrap(await holder.wrap(secret, 'bench/key', binding), 'bench/key', binding) },
      bare: { runs: BARE_RUNS, run: sealAndOpen },
    },
    options.rounds,
  );
  printRate(options, `keys wrapped and unwrapped, ${name}`, both, { name: 'AES-256-GCM there and back', cpu: bare.cpu });
}

async function sealedFile(): Promise<Place> {
  const directory = await mkdtemp(join(tmpdir(), 'carecord-bench-'));
  const holder = await openSealedFileHolder({ path: join(directory, 'root-keys'), passphrase: 'a passphrase for a measurement' });
  return { name: 'sealed file', holder, remove: () => rm(directory, { recursive: true, force: true }) };
}

async function softToken(): Promise<Place | undefined> {
  if (whyNoToken() !== undefined) return undefined;
  const token = await makeSoftToken();
  const { modulePath, tokenLabel, pin } = token;
  return { name: 'PKCS#11 (SoftHSM2)', holder: await openPkcs11Holder({ modulePath, tokenLabel, pin, keyLabel: 'bench' }), remove: () => token.remove() };
}

async function vault(): Promise<Place> {
  const server = await VaultStandIn.start();
  const holder = await openVaultTransitHolder({ address: server.address, token: server.issueToken(), keyName: 'bench' });
  return { name: 'Vault transit (a stand-in, its work included)', holder, remove: () => server.stop() };
}
