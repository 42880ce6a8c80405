import { join } from 'node:path';
import type { KeyHolderConfiguration } from './configuration.ts';
import { passphraseWeakness } from './passphrase.ts';
import type { Variables } from './variables.ts';

type Read = (name: keyof Variables) => string | undefined;

/**
 * What opens the root keys, read from the files that the variables name. Variables of a key holder that was not chosen are
 * mistakes: an operator who sets them believes that it is in use.
 */
export function readKeyHolder(variables: Partial<Variables>, mistaken: ReadonlySet<string>, read: Read, mistakes: string[]): KeyHolderConfiguration | undefined {
  const kind = variables.CARECORD_KEY_HOLDER;
  // It is wrong by itself, and has its sentence already; so have those of `mistaken`.
  if (kind === undefined) return undefined;
  for (const [owner, names] of Object.entries(VARIABLES_OF)) {
    for (const name of names) {
      if (mistaken.has(name)) continue;
      if (owner === kind && variables[name] === undefined && !HAS_DEFAULT.has(name)) mistakes.push(`${name} is missing: CARECORD_KEY_HOLDER=${kind} needs it.`);
      if (owner !== kind && variables[name] !== undefined) mistakes.push(`${name} is for CARECORD_KEY_HOLDER=${owner} alone.`);
    }
  }
  const keyName = variables.CARECORD_ROOT_KEY_NAME ?? 'carecord-root';
  if (kind === 'sealed-file') return sealedFile(variables, read('CARECORD_KEY_PASSPHRASE_FILE'), mistakes);
  if (kind === 'pkcs11') {
    // Read again for each session at the token, so that a corrected PIN counts without a restart: here only that it is there.
    const pin = read('CARECORD_PKCS11_PIN_FILE');
    const { CARECORD_PKCS11_MODULE: modulePath, CARECORD_PKCS11_TOKEN: tokenLabel, CARECORD_PKCS11_PIN_FILE: pinFile } = variables;
    return pin === undefined || pinFile === undefined || modulePath === undefined || tokenLabel === undefined ? undefined : { kind, modulePath, tokenLabel, pinFile, keyName };
  }
  const { CARECORD_VAULT_ADDRESS: address, CARECORD_VAULT_TOKEN_FILE: tokenFile, CARECORD_VAULT_MOUNT: mount = 'transit' } = variables;
  // The token is read again whenever it is refused, because Vault's agent renews the file: here only that it is there.
  const token = read('CARECORD_VAULT_TOKEN_FILE');
  return address === undefined || tokenFile === undefined || token === undefined ? undefined : { kind, address, tokenFile, mount, keyName };
}

const VARIABLES_OF: Readonly<Record<KeyHolderConfiguration['kind'], readonly (keyof Variables)[]>> = {
  'sealed-file': ['CARECORD_KEY_FILE', 'CARECORD_KEY_PASSPHRASE_FILE'],
  pkcs11: ['CARECORD_PKCS11_MODULE', 'CARECORD_PKCS11_TOKEN', 'CARECORD_PKCS11_PIN_FILE'],
  'vault-transit': ['CARECORD_VAULT_ADDRESS', 'CARECORD_VAULT_TOKEN_FILE'],
};

/** What has a sensible value when it is not set. */
const HAS_DEFAULT: ReadonlySet<keyof Variables> = new Set(['CARECORD_KEY_FILE']);

/** The name of the sealed file in the data directory, where it is unless the operator says otherwise. */
const ROOT_KEY_FILE = 'keys.sealed';

function sealedFile({ CARECORD_KEY_FILE, CARECORD_DATA_DIRECTORY }: Partial<Variables>, passphrase: string | undefined, mistakes: string[]): KeyHolderConfiguration | undefined {
  if (passphrase === undefined) return undefined;
  const weakness = passphraseWeakness(passphrase);
  if (weakness !== undefined) mistakes.push(`The passphrase in CARECORD_KEY_PASSPHRASE_FILE ${weakness}.`);
  if (CARECORD_DATA_DIRECTORY === undefined) return undefined;
  return { kind: 'sealed-file', path: CARECORD_KEY_FILE ?? join(CARECORD_DATA_DIRECTORY, ROOT_KEY_FILE), passphrase };
}
