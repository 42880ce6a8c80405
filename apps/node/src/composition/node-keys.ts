import { randomKey } from '@carecord/crypto';
import type { KeyPurpose, KeyRing } from '@carecord/keys';

/** The keys of one use each that a hospital has from its first start on; those of its DID are made with the DID. */
export const HOSPITAL_KEYS = ['records-directory', 'records-index', 'locator-index', 'exchange-sealing', 'staff-pseudonym', 'staff-sealing', 'guardian-sealing'] as const satisfies readonly KeyPurpose[];

/** The same of an authority. */
export const AUTHORITY_KEYS = ['staff-sealing', 'did-witness', 'guardian-sealing'] as const satisfies readonly KeyPurpose[];

/**
 * The secrets of keys, by purpose; missing ones are made. They are copies: who is given one keeps it for the life of the process,
 * and the ring's own turns into zeros when its row is destroyed, by whomever, or the ring is closed. What is sealed under zeros
 * everybody opens.
 */
export async function ensureKeys<Purpose extends KeyPurpose>(ring: KeyRing, purposes: readonly Purpose[]): Promise<Readonly<Record<Purpose, Uint8Array>>> {
  const secrets: [Purpose, Uint8Array][] = [];
  for (const purpose of purposes) secrets.push([purpose, (await ring.ensure(purpose, randomKey)).secret.slice()]);
  return Object.fromEntries(secrets) as Record<Purpose, Uint8Array>;
}
