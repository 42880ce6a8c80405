import type { Clock } from '@carecord/core';
import { constantTimeEqual, hybridSigner } from '@carecord/crypto';
import type { HybridSigner } from '@carecord/crypto';
import { createHospitalDid, generateHospitalKeySeeds, resolveDidLog } from '@carecord/identity';
import type { HospitalKeySeeds, ResolvedDid } from '@carecord/identity';
import type { SettingStore } from '@carecord/storage';
import { z } from 'zod';
import { NodeError } from '../failures/node-error.ts';
import { keyFilePath, loadKeyFile, saveKeyFile } from './key-file.ts';
import { readJsonSetting } from './settings.ts';

const DID_SETTING = 'identity.did';
const didSchema = z.object({ did: z.string(), log: z.string() });

/** Who this node speaks for, with the keys to prove it. */
export interface NodeIdentity {
  readonly seeds: HospitalKeySeeds;
  readonly resolved: ResolvedDid;
  readonly signer: HybridSigner;
}

/** Where a node's keys and DID are, and what they are made for at the first start. */
export interface IdentityOptions {
  readonly dataDirectory: string;
  readonly passphrase: string;
  readonly domain: string;
  readonly settings: SettingStore;
  readonly clock: Clock;
}

/**
 * Loads the node's keys and DID, or makes both at the very first start.
 * @throws NodeError `KEY_FILE_INVALID` when the database knows a DID but its keys are gone: new keys would open nothing
 *   of what is stored; `DATABASE_MISMATCH` when keys or domain are not those of the database's DID, or that is damaged
 */
export async function loadOrCreateIdentity(options: IdentityOptions): Promise<NodeIdentity> {
  const { dataDirectory, passphrase, domain, settings, clock } = options;
  const path = keyFilePath(dataDirectory);
  const stored = await readJsonSetting(settings, DID_SETTING, didSchema);
  let seeds = await loadKeyFile(path, passphrase);
  if (seeds === undefined) {
    if (stored !== undefined) {
      throw new NodeError('KEY_FILE_INVALID', 'The key file is missing, but the database belongs to a hospital that had one: restore it from its backup.');
    }
    seeds = generateHospitalKeySeeds();
    await saveKeyFile(path, passphrase, seeds);
  }
  const signer = hybridSigner(seeds.signing);
  if (stored !== undefined) {
    const resolved = await resolveDidLog(stored.did, stored.log);
    checkSame(resolved, signer, domain);
    return { seeds, resolved, signer };
  }
  const resolved = await createHospitalDid({ domain, seeds, clock });
  await settings.write(DID_SETTING, JSON.stringify({ did: resolved.did, log: resolved.log }));
  return { seeds, resolved, signer };
}

function checkSame(resolved: ResolvedDid, signer: HybridSigner, domain: string): void {
  const same =
    constantTimeEqual(resolved.signing.ed25519, signer.publicKeys.ed25519) && constantTimeEqual(resolved.signing.mlDsa65, signer.publicKeys.mlDsa65);
  if (!same) throw new NodeError('DATABASE_MISMATCH', 'The database belongs to a hospital with other keys than those in the key file.');
  if (resolved.did.split(':')[3] !== domain) {
    throw new NodeError('DATABASE_MISMATCH', 'CARECORD_DOMAIN is not the domain of the DID that the database belongs to.');
  }
}
