/**
 * The hospital node and the authority node: configuration, GraphQL, sign-in, health, jobs. It has no logic of records,
 * consents or the network of its own: it puts the libs together.
 */
import type { NewStaffAccount } from './staff/add-staff-account.ts';
import type { ApplicationReport } from './operations/apply-for-membership.ts';
import type { CreatedNetworkFile, NewNetwork } from './operations/create-network-file.ts';
import type { GuardianAppointment } from './operations/appoint-guardians.ts';

export { runNode } from './main.ts';
export { AddressGuard } from './outbound/address-guard.ts';
export { OutboundHttp } from './outbound/outbound-http.ts';
export type { NewStaffAccount } from './staff/add-staff-account.ts';
export type { GuardianAppointment } from './operations/appoint-guardians.ts';
export type { ApplicationReport } from './operations/apply-for-membership.ts';
export type { CreatedNetworkFile, NewNetwork } from './operations/create-network-file.ts';

// What follows is loaded when it is asked for: running a node needs none of it.

/** The GraphQL schemas in their definition language, by role. */
export async function buildSchemaSdl(role: 'hospital' | 'authority'): Promise<string> {
  const { buildSchemaSdl: build } = await import('./graphql/schema-sdl.ts');
  return await build(role);
}

/** See {@link NewNetwork}. */
export async function createNetworkFile(network: NewNetwork): Promise<CreatedNetworkFile> {
  const { createNetworkFile: create } = await import('./operations/create-network-file.ts');
  return await create(network);
}

/** See {@link GuardianAppointment}. */
export async function appointGuardians(appointment: GuardianAppointment): Promise<string> {
  const { appointGuardians: appoint } = await import('./operations/appoint-guardians.ts');
  return appoint(appointment);
}

/** Applies for membership with the configuration of the node. */
export async function applyForMembership(environment: Readonly<Record<string, string | undefined>>): Promise<ApplicationReport> {
  const { applyForMembership: apply } = await import('./operations/apply-for-membership.ts');
  return await apply(environment);
}

/** Adds a staff account to the database of the node: see {@link NewStaffAccount}. */
export async function addStaffAccount(
  environment: Readonly<Record<string, string | undefined>>,
  account: { readonly username: string; readonly role: string },
): Promise<NewStaffAccount> {
  const { addStaffAccount: add } = await import('./staff/add-staff-account.ts');
  return await add(environment, account);
}
