/** One hospital of the local network. */
export interface DemoHospital {
  /** Names its folder, database and log. */
  readonly slug: string;
  readonly name: string;
  /** The domain in its DID: reserved by RFC 2606, so it is nobody's. */
  readonly domain: string;
  /** Where its GraphQL stands when nobody else has the port. */
  readonly preferredPort: number;
}

/** The hospitals that the scenario calls A, B and C: they are in every local network, and their patients as well. */
export const scenarioHospitals: readonly DemoHospital[] = [
  { slug: 'alder', name: 'Alder General Hospital', domain: 'alder.hospital.example', preferredPort: 4101 },
  { slug: 'birch', name: 'Birch University Hospital', domain: 'birch.hospital.example', preferredPort: 4102 },
  { slug: 'chestnut', name: 'Chestnut Clinic', domain: 'chestnut.hospital.example', preferredPort: 4103 },
];

/** Every hospital that a local network can have, in the order in which they join it. */
export const demoHospitals: readonly DemoHospital[] = [
  ...scenarioHospitals,
  { slug: 'dogwood', name: 'Dogwood Heart Centre', domain: 'dogwood.hospital.example', preferredPort: 4104 },
  { slug: 'elm', name: 'Elm Rehabilitation Clinic', domain: 'elm.hospital.example', preferredPort: 4105 },
  { slug: 'fir', name: 'Fir Mountain Hospital', domain: 'fir.hospital.example', preferredPort: 4106 },
  { slug: 'ginkgo', name: 'Ginkgo Teaching Hospital', domain: 'ginkgo.hospital.example', preferredPort: 4107 },
  { slug: 'hawthorn', name: 'Hawthorn Rural Hospital', domain: 'hawthorn.hospital.example', preferredPort: 4108 },
];

/** The demo authority: it admits the hospitals and is the guardian of the blinded lookup. */
export const demoAuthority = {
  slug: 'authority',
  name: 'Demo Health Authority',
  domain: 'authority.hospital.example',
  preferredPort: 4100,
} as const satisfies DemoHospital;

/** The local network's name: part of every handshake, so it can never mix with another. */
export const demoNetworkId = 'carecord-local';

/** The staff that every demo hospital starts with. */
export const demoStaff = [
  { username: 'clinician', role: 'clinician' },
  { username: 'frontdesk', role: 'front-desk' },
  { username: 'privacy', role: 'privacy-officer' },
  { username: 'admin', role: 'administrator' },
] as const;

/** The staff of the demo authority. */
export const authorityStaff = [
  { username: 'registrar', role: 'registrar' },
  { username: 'admin', role: 'administrator' },
] as const;
