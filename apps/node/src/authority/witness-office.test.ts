import { beforeEach, describe, expect, it } from '@jest/globals';
import { addWitnessProofs, resolveDidHistory } from '@carecord/identity';
import type { DidPolicy } from '@carecord/identity';
import { ManualClock } from '@carecord/testkit';
import { TestApplicant } from './applicant.fixture.ts';
import { AuthorityNode, REGISTRAR } from './authority.fixture.ts';

const refusal = (code: string): unknown => expect.objectContaining({ code });
let clock: ManualClock;
let authority: AuthorityNode;
let hospital: TestApplicant;
const witness = ({ did, history }: TestApplicant): ReturnType<AuthorityNode['witnesses']['witness']> => authority.witnesses.witness(did, history);
const decide = (action: 'admit' | 'refuse' | 'suspend' | 'reinstate' | 'revoke'): Promise<unknown> => authority.office.decide(hospital.did, action, REGISTRAR);
const known = async (): Promise<string | undefined> => (await authority.memberships.find(hospital.did))?.history;

beforeEach(async () => {
  clock = new ManualClock();
  authority = await AuthorityNode.make(clock);
  hospital = await TestApplicant.make(clock);
  await authority.office.apply(await hospital.application(authority.did));
});

describe('WitnessOffice', () => {
  it('witnesses the versions of a member, each as often as it is asked', async () => {
    await decide('admit');
    const policy: DidPolicy = { preRotation: true, cosignature: true, witnesses: { threshold: 1, witnesses: [authority.witness] } };
    const next = await hospital.rotated();
    for (const version of [hospital, hospital, next, next]) {
      const proof = await witness(version);
      expect(await resolveDidHistory(version.did, addWitnessProofs(version.history, [proof]), policy, clock.now())).toMatchObject({ versionId: version.resolved.versionId });
    }
    expect(await known()).toBe(next.history);
  });

  it.each(['pending', 'refused', 'suspended', 'revoked'])('witnesses nothing for a hospital that is %s', async (state) => {
    if (state === 'refused') await decide('refuse');
    if (state === 'suspended' || state === 'revoked') await decide('admit');
    if (state === 'suspended') await decide('suspend');
    if (state === 'revoked') await decide('revoke');
    await expect(witness(await hospital.rotated())).rejects.toEqual(refusal('NOT_A_MEMBER'));
    expect(await known()).toBe(hospital.history);
  });

  it('witnesses again for one that was reinstated', async () => {
    for (const action of ['admit', 'suspend', 'reinstate'] as const) await decide(action);
    await expect(witness(await hospital.rotated())).resolves.toMatchObject({ proof: [expect.anything()] });
  });

  it('witnesses nothing for a stranger', async () => {
    await expect(witness(await TestApplicant.make(clock, 'b.hospital.example'))).rejects.toEqual(refusal('NOT_A_MEMBER'));
  });

  it('witnesses one version of each number and never another, also when both come at once', async () => {
    await decide('admit');
    const [one, other] = [await hospital.rotated(), await hospital.rotated()];
    const outcomes = await Promise.allSettled([witness(one), witness(other)]);
    expect(outcomes).toMatchObject([{ status: 'fulfilled' }, { status: 'rejected', reason: { code: 'HISTORY_FORKED' } }]);
    await expect(witness(await other.rotated())).rejects.toEqual(refusal('HISTORY_FORKED'));
    await expect(witness(await one.rotated())).resolves.toBeDefined();
  });

  it('witnesses no history that was cut off, though its versions are known', async () => {
    await decide('admit');
    const next = await hospital.rotated();
    await witness(next);
    await expect(witness(hospital)).rejects.toEqual(refusal('HISTORY_FORKED'));
    expect(await known()).toBe(next.history);
  });

  it('witnesses nothing that does not verify', async () => {
    await decide('admit');
    await expect(authority.witnesses.witness(hospital.did, hospital.history.replace('ed25519-1', 'ed25519-9'))).rejects.toEqual(refusal('DID_LOG_INVALID'));
    await expect(authority.witnesses.witness(hospital.did, 'no history')).rejects.toEqual(refusal('DID_LOG_INVALID'));
    const another = await TestApplicant.make(clock, 'b.hospital.example');
    await expect(authority.witnesses.witness(hospital.did, another.history)).rejects.toEqual(refusal('DID_LOG_INVALID'));
  });

  it('gives out no proof that it could not write down', async () => {
    await decide('admit');
    const { memberships } = authority;
    memberships.saveHistory = () => Promise.reject(new Error('failed on purpose'));
    await expect(witness(await hospital.rotated())).rejects.toThrow('failed on purpose');
  });
});
