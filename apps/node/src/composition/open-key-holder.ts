import { openPkcs11Holder, openSealedFileHolder, openVaultTransitHolder } from '@carecord/keys';
import type { KeyHolder } from '@carecord/keys';
import type { Configuration } from '../config/configuration.ts';

/** Opens what keeps the root keys. */
export function openKeyHolder({ keyHolder }: Pick<Configuration, 'keyHolder'>): Promise<KeyHolder> {
  switch (keyHolder.kind) {
    case 'sealed-file':
      return openSealedFileHolder({ path: keyHolder.path, passphrase: keyHolder.passphrase });
    case 'pkcs11':
      return openPkcs11Holder({ modulePath: keyHolder.modulePath, tokenLabel: keyHolder.tokenLabel, pinFile: keyHolder.pinFile, keyLabel: keyHolder.keyName });
    case 'vault-transit':
      return openVaultTransitHolder({ address: keyHolder.address, tokenFile: keyHolder.tokenFile, mount: keyHolder.mount, keyName: keyHolder.keyName });
  }
}
