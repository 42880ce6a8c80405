import { describe, expect, it } from '@jest/globals';
import { hybridSigner, randomKey } from '@carecord/crypto';
import { ManualClock } from '@carecord/testkit';
import { CREATED } from '../identities.fixture.ts';
import { CLOCK_SKEW_MILLISECONDS } from '../limits.ts';
import { parseHistory } from './did-entries.ts';
import { resolveDidHistory } from './did-history.ts';
import type { ResolvedDid } from './did-history.ts';
import { newDidKeys, nextDidKeys } from './did-keys.ts';
import type { DidKeys } from './did-keys.ts';
import { GENERAL_POLICY, MEMBER_POLICY } from './did-policy.ts';
import { entryAt, firstVersion, nextVersion, NOW } from './did-versions.fixture.ts';
import type { Version } from './did-versions.fixture.ts';
import { createHospitalDid, rotateHospitalDid } from './hospital-did.ts';

const services = [
  { type: 'CarecordPeer', endpoint: '/dns4/a.hospital.example/tcp/4001' },
  { type: 'FhirBase', endpoint: 'https://a.hospital.example/fhir' },
];

/** The numbers of the signing keys that a document lists. */
function listed({ did, history }: Version, relationship: string): number[] {
  const ids = entryAt(history, -1).state[relationship] as string[];
  return ids.flatMap((id) => (id.startsWith(`${did}#ed25519-`) ? [Number(id.split('-').at(-1))] : []));
}

describe('createHospitalDid', () => {
  it.each(['a.hospital.example:3000', 'a.hospital.example%3A3000', 'A.hospital.example', 'hospital', '127.0.0.1', 'a.example/path', '', 'a..example'])(
    'refuses the domain "%s"',
    async (domain) => {
      await expect(createHospitalDid({ domain, keys: newDidKeys(), clock: new ManualClock(CREATED) })).rejects.toMatchObject({ code: 'DID_DOMAIN_INVALID' });
    },
  );

  it('publishes services, and asks for witnesses only if it is told whom', async () => {
    const keys = newDidKeys();
    const created = await createHospitalDid({ domain: 'a.hospital.example', keys, services, clock: new ManualClock(CREATED) });
    expect(created).toMatchObject({ needsWitnesses: false, signingKeyIds: { ed25519: `${created.did}#ed25519-1` } });
    expect(await resolveDidHistory(created.did, created.history, MEMBER_POLICY, NOW)).toMatchObject({ services, versionId: created.versionId });
  });

  it('refuses services that could not be read again', async () => {
    const wrong = [{ type: 'FhirBase', endpoint: 'https://a.example/'.padEnd(600, 'x') }];
    await expect(createHospitalDid({ domain: 'a.hospital.example', keys: newDidKeys(), services: wrong, clock: new ManualClock(CREATED) })).rejects.toMatchObject({ code: 'DID_LOG_INVALID' });
  });
});

describe('rotateHospitalDid', () => {
  it('keeps the last three signing keys listed for what they signed, but not to authenticate with', async () => {
    const versions = [await firstVersion()];
    while (versions.length < 6) versions.push(await nextVersion(versions.at(-1) as Version));
    const last = versions.at(-1) as Version;
    expect(listed(last, 'assertionMethod')).toEqual([6, 5, 4, 3]);
    expect(listed(last, 'authentication')).toEqual([6]);
    expect(last.resolved.signingKeyIds.ed25519).toBe(`${last.did}#ed25519-6`);
    expect(last.resolved.acceptedSigning).toEqual(versions.slice(2).reverse().map(({ keys }) => hybridSigner(keys.signing).publicKeys));
  });

  it('keeps none of them when it is urgent', async () => {
    const planned = await nextVersion(await firstVersion());
    expect(listed(planned, 'assertionMethod')).toEqual([2, 1]);
    const urgent = await nextVersion(planned, { keepPrevious: false });
    expect(listed(urgent, 'assertionMethod')).toEqual([3]);
    expect(urgent.resolved.acceptedSigning).toEqual([hybridSigner(urgent.keys.signing).publicKeys]);
  });

  it('can leave the signing keys as they are', async () => {
    const { keys, resolved } = await nextVersion(await firstVersion());
    const next: DidKeys = { ...nextDidKeys(keys), signing: keys.signing };
    const rotated = await rotateHospitalDid({ current: resolved, keys: next, keepPrevious: true, clock: new ManualClock(NOW) });
    const after = await resolveDidHistory(rotated.did, rotated.history, MEMBER_POLICY, NOW);
    expect(after.acceptedSigning).toEqual(resolved.acceptedSigning);
    expect(after.recipientKeyId).toBe(`${rotated.did}#recipient-3`);
    expect(after.recipientPublicKey).not.toEqual(resolved.recipientPublicKey);
  });

  it('keeps the services, or replaces them', async () => {
    const keys = newDidKeys();
    const created = await createHospitalDid({ domain: 'a.hospital.example', keys, services, clock: new ManualClock(CREATED) });
    const current = await resolveDidHistory(created.did, created.history, MEMBER_POLICY, NOW);
    const options = { current, keys: nextDidKeys(keys), keepPrevious: true, clock: new ManualClock(NOW) };
    const servicesOf = async ({ did, history }: { did: string; history: string }): Promise<ResolvedDid['services']> => (await resolveDidHistory(did, history, MEMBER_POLICY, NOW)).services;
    expect(await servicesOf(await rotateHospitalDid(options))).toEqual(services);
    expect(await servicesOf(await rotateHospitalDid({ ...options, services: [] }))).toEqual([]);
  });

  it.each<[string, Partial<DidKeys>, string]>([
    ['update key', { update: randomKey() }, 'DID_LOG_INVALID'],
    ['cosigning key', { cosigning: randomKey() }, 'DID_COSIGNATURE_INVALID'],
  ])('refuses a %s that was not committed', async (_what, wrong, code) => {
    const { keys, resolved } = await firstVersion();
    const options = { current: resolved, keepPrevious: true, clock: new ManualClock(NOW) };
    await expect(rotateHospitalDid({ ...options, keys: { ...nextDidKeys(keys), ...wrong } })).rejects.toMatchObject({ code });
    await expect(rotateHospitalDid({ ...options, keys: nextDidKeys(keys) })).resolves.toMatchObject({ did: resolved.did });
  });

  it('dates versions of the same second one after the other, and refuses to run ahead of the clock', async () => {
    const first = await firstVersion();
    const rotate = ({ keys, resolved }: Version, instant: Date): ReturnType<typeof rotateHospitalDid> =>
      rotateHospitalDid({ current: resolved, keys: nextDidKeys(keys), keepPrevious: true, clock: new ManualClock(instant) });
    const times = async (instant: Date): Promise<string> => entryAt((await rotate(first, instant)).history, 1).versionTime;
    expect(await times(CREATED)).toBe('2025-12-31T00:00:01Z');
    expect(await times(new Date('2025-12-31T00:10:00.900Z'))).toBe('2025-12-31T00:10:00Z');
    expect(await times(new Date(CREATED.getTime() + 1000 - CLOCK_SKEW_MILLISECONDS))).toBe('2025-12-31T00:00:01Z');
    await expect(rotate(first, new Date(CREATED.getTime() + 999 - CLOCK_SKEW_MILLISECONDS))).rejects.toMatchObject({ code: 'DID_TIME_INVALID' });
  });

  it('leaves a history that every did:webvh resolver verifies', async () => {
    const { did, history } = await nextVersion(await firstVersion());
    expect(parseHistory(history).entries.map(({ parameters }) => Object.keys(parameters))).toEqual([['method', 'scid', 'updateKeys', 'nextKeyHashes', 'portable'], ['updateKeys', 'nextKeyHashes']]);
    await expect(resolveDidHistory(did, history, GENERAL_POLICY, NOW)).resolves.toMatchObject({ versionNumber: 2 });
  });
});
