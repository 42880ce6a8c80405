import { AccessResolver } from './access/access-resolver.ts';
import { AdmissionResolver } from './admission/admission-resolver.ts';
import { AuditResolver } from './audit/audit-resolver.ts';
import { ConsentResolver } from './consent/consent-resolver.ts';
import { LocationResolver } from './location/location-resolver.ts';
import { NodeResolver } from './node/node-resolver.ts';
import { PatientResolver } from './patients/patient-resolver.ts';
import { SessionResolver } from './session/session-resolver.ts';

/** Every resolver of a hospital node: the running schema and the committed SDL are made from this list. */
export const RESOLVERS = [
  SessionResolver,
  AdmissionResolver,
  PatientResolver,
  ConsentResolver,
  LocationResolver,
  AccessResolver,
  AuditResolver,
  NodeResolver,
] as const;
