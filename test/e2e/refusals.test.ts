import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeWire } from '@carecord/core';
import { type GeneralJws, hybridSigner } from '@carecord/crypto';
import { REFUSAL_DEADLINE_MILLISECONDS } from '@carecord/exchange';
import { askingTag, type EpochTags } from '@carecord/locator';
import { fetchBlocks } from '@carecord/network';
import { patientOfSize } from '@carecord/testkit';
import { ACCESS_REQUEST_PROTOCOL, accessAnswerSchema } from '../../libs/exchange/src/protocols.ts';
import { type AccessRequest, signAccessRequest } from '../../libs/exchange/src/signed-request.ts';
import { queryInputs } from '../../libs/locator/src/recipes.ts';
import { demoNetworkId } from '../../apps/cli/src/network/demo-hospitals.ts';
import type { HospitalClient } from '../../apps/cli/src/client/hospital-client.ts';
import { query } from '../support/database.ts';
import { type ImpersonatedMember, demoKeys, impersonate } from '../support/impersonated-member.ts';
import { NETWORK_START_TIMEOUT_MILLISECONDS, startTestNetwork, type TestNetwork, untilPublished } from '../support/running-network.ts';

const SECOND = 1_000;

/** A hospital that is a member, and hostile: it runs software of its own. */
describe('a hostile member asks', () => {
  let network: TestNetwork;
  let member: ImpersonatedMember;
  let holder: string;
  let privacyOfficer: HospitalClient;
  const { bundle, nationalId } = patientOfSize(6, { seed: 1 });

  beforeAll(async () => {
    network = await startTestNetwork();
    const clinician = await network.as('alder', 'clinician');
    privacyOfficer = await network.as('alder', 'privacy-officer');
    await clinician.admitBundle(bundle, 'UNLISTED');
    await untilPublished(await network.as('alder', 'administrator'));
    holder = network.hospital('alder').did;
    await network.hospital('chestnut').process.stop();
    member = await impersonate(network, 'chestnut');
  }, NETWORK_START_TIMEOUT_MILLISECONDS);
  afterAll(async () => {
    await member.host.stop();
    await network.stop();
  });

  const request = (changes: Partial<AccessRequest> = {}): AccessRequest => {
    const now = Date.now();
    return {
      requestId: randomUUID(),
      requester: member.local.resolved.did,
      holder,
      network: demoNetworkId,
      selector: { tag: randomBytes(32).toString('base64url') },
      purpose: 'TREAT',
      reason: 'A question.',
      role: 'clinician',
      staffPseudonym: randomBytes(32).toString('hex'),
      issuedAt: new Date(now).toISOString(),
      expiresAt: new Date(now + 60 * SECOND).toISOString(),
      ...changes,
    };
  };
  const sign = (content: AccessRequest): Promise<GeneralJws> => signAccessRequest(content, { did: member.local.resolved, signer: member.local.signer });
  const ask = async (jws: GeneralJws): Promise<{ bytes: Buffer; milliseconds: number; answer: unknown }> => {
    const started = performance.now();
    const answer = await member.host.request(ACCESS_REQUEST_PROTOCOL, holder, jws);
    return { answer, bytes: Buffer.from(encodeWire(accessAnswerSchema, answer)), milliseconds: performance.now() - started };
  };

  it('about unknown patients by tag and by handle: the same bytes, not before the deadline', async () => {
    const byTag = await ask(await sign(request()));
    const byHandle = await ask(await sign(request({ selector: { handle: randomBytes(32).toString('base64url') } })));
    expect(byTag.answer).toEqual({ state: 'refused', code: 'NOT_AVAILABLE' });
    expect(byHandle.bytes).toEqual(byTag.bytes);
    for (const { milliseconds } of [byTag, byHandle]) expect(milliseconds).toBeGreaterThanOrEqual(REFUSAL_DEADLINE_MILLISECONDS - 5);
    const [event] = await privacyOfficer.auditTrail({ types: ['ACCESS_REFUSED'] });
    expect(event).toMatchObject({ counterparty: member.local.resolved.did, outcome: 'REFUSED' });
  });

  it('about an unlisted patient who is there, by the true tag: the same as about an unknown one', async () => {
    // Guardians evaluate for any hospital: knowing the tag of an identifier is no privilege.
    const asked = { purpose: 'TREAT' as const, clinician: 'somebody' };
    const inputs = [nationalId, { ...nationalId, value: 'nobody' }].flatMap((identifier) => queryInputs(identifier).map(({ input }) => input));
    const [{ tags }] = (await member.tags.tagsOf(inputs, asked, [1])) as [EpochTags];
    const [aboutKnown, aboutUnknown] = await Promise.all(tags.map(async (tag) => ask(await sign(request({ selector: { tag: Buffer.from(askingTag(tag, holder)).toString('base64url') } })))));
    expect(aboutKnown?.answer).toEqual({ state: 'refused', code: 'NOT_AVAILABLE' });
    expect(aboutKnown?.bytes).toEqual(aboutUnknown?.bytes);
    for (const refusal of [aboutKnown, aboutUnknown]) expect(refusal?.milliseconds).toBeGreaterThanOrEqual(REFUSAL_DEADLINE_MILLISECONDS - 5);
    // Only the holder's own log knows that one of them was about a patient of its own.
    const events = (await privacyOfficer.auditTrail({ types: ['ACCESS_REFUSED'] })).slice(0, 2);
    expect(events.map(({ reasonCode }) => reasonCode).sort()).toEqual(['NO_CONSENT', 'UNKNOWN_PATIENT']);
  });

  it('twice with the same request: REQUEST_REPLAYED', async () => {
    const jws = await sign(request());
    await ask(jws);
    expect((await ask(jws)).answer).toEqual({ state: 'refused', code: 'REQUEST_REPLAYED' });
  });

  it('with a request that another hospital signed: REQUEST_INVALID, whoever it names', async () => {
    const birch = await demoKeys(network, 'birch');
    const stolen = await signAccessRequest(request({ requester: birch.resolved.did }), { did: birch.resolved, signer: hybridSigner(birch.seeds.signing) });
    expect((await ask(stolen)).answer).toMatchObject({ state: 'refused', code: 'REQUEST_INVALID' });
  });

  it('in the name of another hospital: REQUEST_FOREIGN', async () => {
    expect((await ask(await sign(request({ requester: network.hospital('birch').did })))).answer).toEqual({ state: 'refused', code: 'REQUEST_FOREIGN' });
  });

  it('with a request meant for another holder or network: REQUEST_FOREIGN', async () => {
    for (const changes of [{ holder: network.hospital('birch').did }, { network: 'another-network' }]) {
      expect((await ask(await sign(request(changes)))).answer).toEqual({ state: 'refused', code: 'REQUEST_FOREIGN' });
    }
  });

  it('with a request of yesterday: REQUEST_EXPIRED', async () => {
    const issued = Date.now() - 24 * 60 * 60 * SECOND;
    const old = request({ issuedAt: new Date(issued).toISOString(), expiresAt: new Date(issued + 60 * SECOND).toISOString() });
    expect((await ask(await sign(old))).answer).toEqual({ state: 'refused', code: 'REQUEST_EXPIRED' });
  });

  it('for ciphertext by its content id, without a grant: nothing', async () => {
    const rows = await query<{ id: string }>(network.hospital('alder').databaseUrl, 'select content_id as id from record_version limit 3');
    expect(rows).toHaveLength(3);
    expect(await fetchBlocks(member.host, holder, rows.map(({ id }) => id))).toEqual(new Map());
    expect(await privacyOfficer.auditTrail({ types: ['BLOCKS_REFUSED'] })).not.toEqual([]);
  });
});
