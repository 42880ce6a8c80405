import type pkcs11js from 'pkcs11js';
import { KeysError } from '../keys-error.ts';

/** The native addon's interface. */
export type Addon = typeof pkcs11js;

/** A loaded PKCS#11 module; there is one of each in a process, whoever uses it. */
export interface Module {
  readonly addon: Addon;
  readonly cryptoki: pkcs11js.PKCS11;
}

interface SharedModule extends Module {
  users: number;
}

const shared = new Map<string, SharedModule>();

/**
 * Loads and initialises a PKCS#11 module, or joins those who use it already.
 * @throws KeysError `PKCS11_UNAVAILABLE`, `HOLDER_UNREACHABLE`
 */
export async function acquireModule(modulePath: string): Promise<Module> {
  const addon = await loadAddon();
  const module = shared.get(modulePath) ?? { addon, cryptoki: load(addon, modulePath), users: 0 };
  // Again for those who join: it may have been finalised behind our back.
  initialise(module);
  module.users += 1;
  shared.set(modulePath, module);
  return module;
}

/** The counterpart of {@link acquireModule}: the last one ends the module. */
export function releaseModule(modulePath: string): void {
  const module = shared.get(modulePath);
  if (module === undefined) return;
  module.users -= 1;
  if (module.users > 0) return;
  shared.delete(modulePath);
  try {
    module.cryptoki.C_Finalize();
  } catch {
    // It was finalised behind our back: then there is nothing to end.
  }
  module.cryptoki.close();
}

/** The code of an error that the module reported; undefined for every other error. */
export function codeOf(error: unknown): number | undefined {
  // By shape: the class of the addon's errors is known only where the addon is.
  const { message, code } = error instanceof Error ? (error as Error & { readonly code?: unknown }) : {};
  return message?.startsWith('CKR_') === true && typeof code === 'number' ? code : undefined;
}

function load(addon: Addon, modulePath: string): pkcs11js.PKCS11 {
  const cryptoki = new addon.PKCS11();
  try {
    cryptoki.load(modulePath);
    return cryptoki;
  } catch (cause) {
    throw new KeysError('PKCS11_UNAVAILABLE', 'The PKCS#11 module cannot be loaded: check its path and that it fits this machine.', { cause });
  }
}

function initialise({ addon, cryptoki }: Module): void {
  try {
    cryptoki.C_Initialize({ flags: addon.CKF_OS_LOCKING_OK });
  } catch (error) {
    if (codeOf(error) === addon.CKR_CRYPTOKI_ALREADY_INITIALIZED) return;
    throw new KeysError('HOLDER_UNREACHABLE', 'The PKCS#11 module does not begin its work.', { cause: error });
  }
}

async function loadAddon(): Promise<Addon> {
  try {
    const loaded = await import('pkcs11js');
    return loaded.default;
  } catch (cause) {
    throw new KeysError('PKCS11_UNAVAILABLE', 'The addon for PKCS#11 is not built: run "node tools/pkcs11.mjs" once.', { cause });
  }
}
