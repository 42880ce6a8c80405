import { ROLES_OF_PEOPLE } from '../authorisation/roles.ts';
import type { Configuration } from '../config/configuration.ts';
import { staffServices } from '../staff/staff-services.ts';
import type { StaffServices } from '../staff/staff-services.ts';
import type { Foundation } from './foundation.ts';
import { relyingPartyOf } from './relying-party.ts';

/** The staff of this node, in the roles of its kind. */
export function nodeStaff({ storage, audit, clock }: Foundation, configuration: Configuration, sealingKey: Uint8Array): StaffServices {
  const { name, role } = configuration;
  return staffServices({ storage, audit, clock, sealingKey, webAuthn: relyingPartyOf(configuration), name, roles: ROLES_OF_PEOPLE[role] });
}
