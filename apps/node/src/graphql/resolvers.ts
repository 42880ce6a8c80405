import { AccessResolver } from './access/access-resolver.ts';
import { AdmissionResolver } from './admission/admission-resolver.ts';
import { AuditResolver } from './audit/audit-resolver.ts';
import { ClientResolver } from './clients/client-resolver.ts';
import { ProviderLinkResolver } from './clients/provider-link-resolver.ts';
import { ConsentResolver } from './consent/consent-resolver.ts';
import { KeyResolver } from './keys/key-resolver.ts';
import { LocationResolver } from './location/location-resolver.ts';
import { MembershipResolver } from './membership/membership-resolver.ts';
import { NetworkResolver } from './network/network-resolver.ts';
import { NodeResolver } from './node/node-resolver.ts';
import { PatientResolver } from './patients/patient-resolver.ts';
import { OwnAccountResolver } from './session/own-account-resolver.ts';
import { SessionResolver } from './session/session-resolver.ts';
import { StaffResolver } from './staff/staff-resolver.ts';

/** What concerns the staff, the keys and the network of any node. */
const COMMON_RESOLVERS = [SessionResolver, OwnAccountResolver, StaffResolver, KeyResolver, NetworkResolver] as const;

/** Every resolver of a hospital node: the running schema and the committed SDL are made from this list. */
export const HOSPITAL_RESOLVERS = [
  ...COMMON_RESOLVERS,
  AdmissionResolver,
  PatientResolver,
  ConsentResolver,
  LocationResolver,
  AccessResolver,
  AuditResolver,
  NodeResolver,
  ClientResolver,
  ProviderLinkResolver,
] as const;

/** Every resolver of an authority node. */
export const AUTHORITY_RESOLVERS = [...COMMON_RESOLVERS, AuditResolver, MembershipResolver] as const;
