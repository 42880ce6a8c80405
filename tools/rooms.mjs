/**
 * The rooms of the repository and whom each may import of our own (docs/architecture.md): the lint rule and the
 * documentation test read this table.
 */
export const rooms = [
  { name: 'libs/core', mayImport: [] },
  { name: 'libs/crypto', mayImport: ['core'] },
  { name: 'libs/keys', mayImport: ['core', 'crypto'] },
  { name: 'libs/fhir', mayImport: ['core'] },
  { name: 'libs/identity', mayImport: ['core', 'crypto'] },
  { name: 'libs/network', mayImport: ['core', 'crypto', 'identity'] },
  { name: 'libs/audit', mayImport: ['core', 'crypto', 'fhir', 'identity', 'network'] },
  { name: 'libs/consent', mayImport: ['core', 'crypto', 'fhir', 'identity'] },
  { name: 'libs/records', mayImport: ['core', 'crypto', 'keys', 'fhir', 'audit'] },
  { name: 'libs/locator', mayImport: ['core', 'crypto', 'fhir', 'identity', 'audit', 'network'] },
  { name: 'libs/exchange', mayImport: ['core', 'crypto', 'fhir', 'identity', 'network', 'audit', 'consent', 'records', 'locator'] },
  { name: 'libs/storage', mayImport: ['core', 'crypto', 'keys', 'fhir', 'identity', 'network', 'audit', 'consent', 'records', 'locator', 'exchange'] },
  { name: 'libs/simulation', mayImport: ['core'] },
  { name: 'libs/testkit', mayImport: ['core', 'crypto', 'keys', 'fhir', 'identity', 'network', 'audit', 'consent', 'records', 'locator', 'exchange', 'storage'] },
  { name: 'apps/node', mayImport: ['core', 'crypto', 'keys', 'fhir', 'identity', 'network', 'audit', 'consent', 'records', 'locator', 'exchange', 'storage'] },
  { name: 'apps/cli', mayImport: ['core', 'crypto', 'keys', 'fhir', 'identity', 'network', 'audit', 'consent', 'records', 'locator', 'exchange', 'storage', 'simulation', 'testkit', 'node'] },
];
