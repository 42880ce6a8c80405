import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { patientOfSize } from '@carecord/testkit';
import { executeGraphql } from '../../apps/cli/src/client/graphql-client.ts';
import type { HospitalClient } from '../../apps/cli/src/client/hospital-client.ts';
import { readRawColumns } from '../support/database.ts';
import { failureOf } from '../support/failure.ts';
import { NETWORK_START_TIMEOUT_MILLISECONDS, startTestNetwork, type TestNetwork } from '../support/running-network.ts';

const MEBIBYTE = 1024 * 1024;
const RECORD_TABLES = ['public.patient', 'public.patient_identifier', 'public.record', 'public.record_version', 'public.manifest', 'public.outbox_entry', 'keys.patient_key'];
const admission = { header: 'mutation Admit($bundle: FhirJson!)', field: 'admitBundle(bundle: $bundle)' };

/** Rows of every table that holds something of a patient. */
async function recordRows(databaseUrl: string): Promise<Record<string, number>> {
  const tables = (await readRawColumns(databaseUrl)).map(({ name, rows }) => [name.split('.').slice(0, 2).join('.'), rows] as const);
  return Object.fromEntries(tables.filter(([table]) => RECORD_TABLES.includes(table)));
}

describe('bad input', () => {
  let network: TestNetwork;
  let clinician: HospitalClient;
  let url: string;

  beforeAll(async () => {
    network = await startTestNetwork();
    clinician = await network.as('alder', 'clinician');
    url = network.hospital('alder').graphql;
  }, NETWORK_START_TIMEOUT_MILLISECONDS);
  afterAll(() => network.stop());

  describe('bundles', () => {
    const refuse = async (bundle: unknown): Promise<string> => {
      const before = await recordRows(network.hospital('alder').databaseUrl);
      const code = await failureOf(url, clinician.token, { ...admission, variables: { bundle } });
      expect(await recordRows(network.hospital('alder').databaseUrl)).toEqual(before);
      expect(Object.keys(before).sort()).toEqual([...RECORD_TABLES].sort());
      return code;
    };
    const withResource = (resource: unknown): unknown => {
      const { bundle } = patientOfSize(5);
      const copy = structuredClone(bundle) as { entry: unknown[] };
      copy.entry.push({ resource, request: { method: 'POST', url: (resource as { resourceType: string }).resourceType } });
      return copy;
    };

    it('that is no bundle: INVALID_BUNDLE', async () => {
      expect(await refuse({ resourceType: 'Patient' })).toBe('INVALID_BUNDLE');
      expect(await refuse([])).toBe('INVALID_BUNDLE');
    });

    it('with one bad resource among good ones: INVALID_BUNDLE, and nothing is stored', async () => {
      expect(await refuse(withResource({ resourceType: 'Observation', status: 'no-such-status', code: { text: 'x' } }))).toBe('INVALID_BUNDLE');
    });

    it('with a resource type that does not exist: UNKNOWN_RESOURCE_TYPE', async () => {
      expect(await refuse(withResource({ resourceType: 'Horoscope', id: 'a' }))).toBe('UNKNOWN_RESOURCE_TYPE');
    });

    it('over 10 MiB: BUNDLE_TOO_LARGE', async () => {
      const { bundle } = patientOfSize(2);
      expect(await refuse({ ...(bundle as object), id: 'a'.repeat(10 * MEBIBYTE) })).toBe('BUNDLE_TOO_LARGE');
    });

    it('in a body over the limit of HTTP: status 413 and a code', async () => {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${clinician.token}` },
        body: JSON.stringify({ query: '{ __typename }', variables: { bundle: 'a'.repeat(20 * MEBIBYTE) } }),
      });
      expect(response.status).toBe(413);
      expect(await response.json()).toMatchObject({ code: 'INPUT_TOO_LARGE' });
    });

    it('in a body that is not JSON: status 400 and a code', async () => {
      const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"query":' });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ code: 'INPUT_INVALID' });
    });

    it('that is good is admitted', async () => {
      expect((await clinician.admitBundle(patientOfSize(5).bundle, 'UNLISTED')).patients).toHaveLength(1);
    });
  });

  describe('sessions', () => {
    const me = { field: 'me' };

    it('no session: UNAUTHENTICATED', async () => {
      expect(await failureOf(url, undefined, me)).toBe('UNAUTHENTICATED');
    });

    it('an invented session: UNAUTHENTICATED', async () => {
      expect(await failureOf(url, 'A'.repeat(clinician.token.length), me)).toBe('UNAUTHENTICATED');
    });

    it('a session of another hospital: UNAUTHENTICATED', async () => {
      const foreign = await network.as('birch', 'clinician');
      expect(await failureOf(url, foreign.token, me)).toBe('UNAUTHENTICATED');
      await expect(failureOf(network.hospital('birch').graphql, foreign.token, { field: 'patient(patientId: "00000000-0000-7000-8000-000000000000")' })).resolves.toBe(
        'UNKNOWN_PATIENT',
      );
    });

    it('a session that was ended: UNAUTHENTICATED', async () => {
      const leaving = await network.as('alder', 'clinician');
      const { result } = await executeGraphql(url, leaving.token, 'mutation { result: signOut { __typename } }', {});
      expect(result).toEqual({ __typename: 'SignedOut' });
      expect(await failureOf(url, leaving.token, me)).toBe('UNAUTHENTICATED');
    });

    it('a wrong password and an unknown user: the same SIGN_IN_REFUSED', async () => {
      const attempt = (username: string): Promise<string> =>
        failureOf(url, undefined, { header: 'mutation', field: `signIn(username: "${username}", password: "not the password")` });
      expect(await attempt('clinician')).toBe('SIGN_IN_REFUSED');
      expect(await attempt('nobody')).toBe('SIGN_IN_REFUSED');
    });

    it('a role that may not: FORBIDDEN', async () => {
      const administrator = await network.as('alder', 'administrator');
      expect(await failureOf(url, administrator.token, { field: 'timeline(patientId: "00000000-0000-7000-8000-000000000000")' })).toBe('FORBIDDEN');
      expect(await failureOf(url, clinician.token, { field: 'auditTrail' })).toBe('FORBIDDEN');
    });
  });

  it('an unknown patient: UNKNOWN_PATIENT', async () => {
    expect(await failureOf(url, clinician.token, { field: 'timeline(patientId: "00000000-0000-7000-8000-000000000000")' })).toBe('UNKNOWN_PATIENT');
  });

  it('a request about a location of somebody else: LOCATION_EXPIRED', async () => {
    const mine = await clinician.locate({ system: 'https://identifiers.health.example/national', value: 'nobody' }, 'TREAT');
    const birch = await network.as('birch', 'clinician');
    expect(
      await failureOf(network.hospital('birch').graphql, birch.token, {
        header: 'mutation Ask($request: AccessRequestInput!)',
        field: 'requestAccess(request: $request)',
        variables: { request: { locationId: mine.locationId, holderDid: network.hospital('alder').did, purpose: 'TREAT', reason: 'A test.' } },
      }),
    ).toBe('LOCATION_EXPIRED');
  });

  it('operations that are too deep, too wide or not of the schema are refused without a stack', async () => {
    const post = async (query: string): Promise<{ errors: { message: string; extensions?: { stacktrace?: unknown } }[] }> =>
      (await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query }) })).json() as never;
    const wide = await post(`{ ${Array.from({ length: 500 }, (_, index) => `a${index}: me { __typename }`).join(' ')} }`);
    const unknown = await post('{ everyPatient { name } }');
    for (const answer of [wide, unknown]) {
      expect(answer.errors.length).toBeGreaterThan(0);
      expect(JSON.stringify(answer)).not.toMatch(/stacktrace|node_modules|\.ts:/);
    }
  });
});
