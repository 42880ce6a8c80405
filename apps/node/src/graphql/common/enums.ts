import { registerEnumType } from '@nestjs/graphql';
import { AUDIT_ACTOR_KINDS, AUDIT_EVENT_TYPES, AUDIT_OUTCOMES } from '@carecord/audit';
import type { AuditActorKind, AuditEventType, AuditOutcome } from '@carecord/audit';
import { LISTINGS } from '@carecord/core';
import { PURPOSES_OF_USE } from '@carecord/fhir';
import { STAFF_ROLES } from '../../authorisation/roles.ts';
import type { StaffRole } from '../../authorisation/roles.ts';

/** `on-hold` → `ON_HOLD`: GraphQL names cannot hold hyphens. */
type EnumName<Value extends string> = Value extends `${infer Head}-${infer Tail}` ? `${Uppercase<Head>}_${EnumName<Tail>}` : Uppercase<Value>;

export type EnumOf<Value extends string> = { readonly [Member in Value as EnumName<Member>]: Member };

/** The object from which NestJS makes a GraphQL enum whose inner values are ours. */
export function enumOf<const Values extends readonly string[]>(values: Values): EnumOf<Values[number]> {
  return Object.fromEntries(values.map((value) => [value.toUpperCase().replaceAll('-', '_'), value])) as EnumOf<Values[number]>;
}

export const StaffRoleEnum: EnumOf<StaffRole> = enumOf(STAFF_ROLES);
registerEnumType(StaffRoleEnum, { name: 'StaffRole' });

export const ListingEnum = enumOf(LISTINGS);
registerEnumType(ListingEnum, { name: 'Listing', description: 'Who can find that this hospital has records of the patient: all other hospitals, named ones, or none.' });

export const PurposeEnum = enumOf(PURPOSES_OF_USE);
registerEnumType(PurposeEnum, {
  name: 'PurposeOfUse',
  description: 'HL7 v3 ActReason: treatment, emergency treatment, payment, operations, the request of the patient, research.',
});

export const ConsentDecisionEnum = enumOf(['permit', 'deny']);
registerEnumType(ConsentDecisionEnum, { name: 'ConsentDecision' });

export const RequestDecisionEnum = enumOf(['permit', 'deny']);
registerEnumType(RequestDecisionEnum, { name: 'RequestDecision' });

export const AuditEventTypeEnum: EnumOf<AuditEventType> = enumOf(AUDIT_EVENT_TYPES);
registerEnumType(AuditEventTypeEnum, { name: 'AuditEventType' });

export const AuditOutcomeEnum: EnumOf<AuditOutcome> = enumOf(AUDIT_OUTCOMES);
registerEnumType(AuditOutcomeEnum, { name: 'AuditOutcome' });

export const AuditActorKindEnum: EnumOf<AuditActorKind> = enumOf(AUDIT_ACTOR_KINDS);
registerEnumType(AuditActorKindEnum, { name: 'AuditActorKind' });
