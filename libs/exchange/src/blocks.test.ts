import { beforeEach, describe, expect, it } from '@jest/globals';
import { fetchBlocks } from '@carecord/network';
import type { NetworkHost } from '@carecord/network';
import { known, makeHospitals } from '../../testkit/src/exchange-fixture.ts';
import type { TestPatient } from '../../testkit/src/exchange-fixture.ts';
import { GRANT_LIFETIME_MILLISECONDS } from './limits.ts';

describe('blocks', () => {
  let world: Awaited<ReturnType<typeof makeHospitals>>;
  let patient: TestPatient;
  let contentIds: string[];
  let hosts: { b: NetworkHost; c: NetworkHost };
  beforeEach(async () => {
    world = await makeHospitals();
    const { a, b, c, network } = world;
    hosts = { b: network.join(b.member), c: network.join(c.member) };
    patient = await a.admit(5, 'listed');
    await a.consentTo(patient.patientId, b);
    const { requestId } = await b.askByTag(a, patient.nationalId);
    contentIds = [...known(await a.grants.findByRequest(requestId)).contentIds];
  });
  const fetched = async (host: NetworkHost): Promise<number> => (await fetchBlocks(host, world.a.did, contentIds)).size;

  it('are given to who has a grant, and the log says so', async () => {
    expect(await fetched(hosts.b)).toBe(contentIds.length);
    expect((await world.a.log()).at(-1)).toMatchObject({ type: 'blocks-served', counterparty: world.b.did, detail: { blocks: contentIds.length } });
  });

  it('are not given to another hospital, though it knows their names', async () => {
    expect(await fetched(hosts.c)).toBe(0);
    expect((await world.a.log()).at(-1)).toMatchObject({ type: 'blocks-refused', counterparty: world.c.did, outcome: 'refused' });
  });

  it('are not given beyond what the grant covers', async () => {
    const { a, b } = world;
    const other = await a.admit(3, 'listed', 2);
    const [foreign] = await a.records.releasable(other.patientId);
    expect(await a.holder.authoriseBlocks([known(foreign).contentId, known(contentIds[0])], b.member)).toEqual(new Set([contentIds[0]]));
  });

  it('are not given after the grant has ended', async () => {
    world.clock.advance(GRANT_LIFETIME_MILLISECONDS);
    expect(await fetched(hosts.b)).toBe(0);
  });

  it('are not given once a consent was withdrawn; the next request is refused', async () => {
    const { a, b } = world;
    await a.withdrawConsents(patient.patientId);
    expect(await a.holder.revokeForPatient(patient.patientId, { kind: 'staff', id: 'staff-9' })).toBe(1);
    expect(await fetched(hosts.b)).toBe(0);
    expect(await b.askByTag(a, patient.nationalId)).toMatchObject({ state: 'refused', code: 'NOT_AVAILABLE' });
    expect(await a.log()).toEqual(expect.arrayContaining([expect.objectContaining({ type: 'release-revoked', patientId: patient.patientId, counterparty: b.did })]));
    expect(await a.holder.revokeForPatient(patient.patientId, { kind: 'staff', id: 'staff-9' })).toBe(0);
  });

  it('are not given when the log cannot be written', async () => {
    world.a.unwritable = ['blocks-served'];
    await expect(fetched(hosts.b)).rejects.toMatchObject({ code: 'REMOTE_REFUSED' });
  });

  it('are not given to who is no member any more', async () => {
    const { a, b, clock } = world;
    await expect(a.holder.authoriseBlocks(contentIds, { ...b.member, membershipValidUntil: clock.now() })).rejects.toMatchObject({ code: 'REQUEST_FOREIGN' });
  });
});
