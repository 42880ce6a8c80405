import { beforeEach, describe, expect, it } from '@jest/globals';
import { buildConsent, withdrawConsent } from '@carecord/consent';
import type { FhirResource } from '@carecord/fhir';
import { fetchBlocks } from '@carecord/network';
import type { NetworkHost } from '@carecord/network';
import { CONSENT_CHANGED } from '@carecord/records';
import { known, makeHospitals } from '../../../../libs/testkit/src/exchange-fixture.ts';
import type { TestHospital } from '../../../../libs/testkit/src/exchange-fixture.ts';
import { BundleAdmission } from '../admission/bundle-admission.ts';
import { consentJob } from '../jobs/consent-job.ts';
import type { StaffPrincipal } from '../sessions/staff-principal.ts';
import { PatientConsents } from './patient-consents.ts';
import type { ConsentStatementInput } from './patient-consents.ts';

const staff: StaffPrincipal = { staffId: 'staff-1', username: 'x', role: 'front-desk' };

describe('a consent and the grants that stand on consents', () => {
  let world: Awaited<ReturnType<typeof makeHospitals>>;
  let patientId: string;
  let hostOfB: NetworkHost;
  let contentIds: string[];
  let consents: PatientConsents;
  let consentOfB: string;

  /** B has a consent, a grant and the names of its blocks. */
  beforeEach(async () => {
    world = await makeHospitals();
    const { a, b, clock, network } = world;
    hostOfB = network.join(b.member);
    const patient = await a.admit(5, 'listed');
    patientId = patient.patientId;
    consents = new PatientConsents(a.records, a.holder, clock);
    consentOfB = (await consents.give(about(b, 'permit'), staff)).consentId;
    const { requestId } = await b.askByTag(a, patient.nationalId);
    contentIds = [...known(await a.grants.findByRequest(requestId)).contentIds];
  });

  function about(recipient: TestHospital, decision: 'permit' | 'deny'): ConsentStatementInput {
    const { did, member } = recipient;
    return { patientId, recipient: { did, name: member.name }, purposes: ['TREAT'], resourceTypes: undefined, validFrom: undefined, validUntil: undefined, decision };
  }
  async function consentResource(recipient: TestHospital, decision: 'permit' | 'deny'): Promise<FhirResource> {
    const { a, clock } = world;
    const now = clock.now();
    const validUntil = new Date(now.getTime() + 3_600_000);
    return buildConsent({ ...about(recipient, decision), fhirPatientId: await a.records.fhirPatientId(patientId), resourceTypes: ['Patient'], validFrom: now, validUntil, now });
  }
  /** What the node does with a bundle, and then its outbox. */
  async function admit(resource: FhirResource): Promise<void> {
    const { a } = world;
    const entry = [{ resource, request: { method: 'PUT', url: `Consent/${String(resource.id)}` } }];
    await new BundleAdmission(a.records, a.holder).admit({ resourceType: 'Bundle', type: 'transaction', entry }, 'listed', staff);
  }
  const runJob = (): Promise<number> => world.a.outbox.deliver(CONSENT_CHANGED, consentJob(world.a.holder));
  const blocksOfB = async (): Promise<number> => (await fetchBlocks(hostOfB, world.a.did, contentIds)).size;

  it("a permit given for C leaves B's grant and blocks", async () => {
    await consents.give(about(world.c, 'permit'), staff);
    expect(await runJob()).toBe(0);
    expect(await blocksOfB()).toBe(contentIds.length);
  });

  it("an admitted bundle with a permit for C leaves B's grant and blocks", async () => {
    await admit(await consentResource(world.c, 'permit'));
    expect(await runJob()).toBe(0);
    expect(await blocksOfB()).toBe(contentIds.length);
  });

  it('a withdrawal ends grants at once', async () => {
    await consents.withdraw(consentOfB, staff);
    expect(await blocksOfB()).toBe(0);
  });

  it('a denial ends grants at once', async () => {
    await consents.give(about(world.b, 'deny'), staff);
    expect(await blocksOfB()).toBe(0);
  });

  it('an admitted denial ends grants at once', async () => {
    await admit(await consentResource(world.b, 'deny'));
    expect(await blocksOfB()).toBe(0);
  });

  it('an admitted withdrawal ends grants at once', async () => {
    const [consent] = await world.a.records.consents(patientId);
    await admit(withdrawConsent(known(consent)));
    expect(await blocksOfB()).toBe(0);
  });

  it('the job ends grants when the node died between the withdrawal and their end', async () => {
    await world.a.withdrawConsents(patientId);
    expect(await blocksOfB()).toBe(contentIds.length);
    expect(await runJob()).toBe(1);
    expect(await blocksOfB()).toBe(0);
  });
});
