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

/** The three hospitals of the local network; the scenario calls them A, B and C. */
export const demoHospitals: readonly [DemoHospital, DemoHospital, DemoHospital] = [
  { slug: 'alder', name: 'Alder General Hospital', domain: 'alder.hospital.example', preferredPort: 4101 },
  { slug: 'birch', name: 'Birch University Hospital', domain: 'birch.hospital.example', preferredPort: 4102 },
  { slug: 'chestnut', name: 'Chestnut Clinic', domain: 'chestnut.hospital.example', preferredPort: 4103 },
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
