import { describe, expect, it } from '@jest/globals';
import { NetworkError } from '@carecord/network';
import { EVALUATION_PROTOCOL } from './evaluation-protocol.ts';
import { GuardianClient } from './guardian-client.ts';
import { identifierInput } from './identifier.ts';
import { makeLocatorNetwork } from '../../testkit/src/locator-fixture.ts';
import { blindInputs, guardianKeys } from './oprf.ts';

const input = identifierInput({ system: 'urn:x', value: '1' });
const inputs = (count: number): Uint8Array[] => Array.from({ length: count }, (_, index) => identifierInput({ system: 'urn:x', value: String(index) }));
const coded = (code: string): object => expect.objectContaining({ code });

describe('the guardian', () => {
  it('evaluates for a hospital, up to eight at once, and logs who, what for and how many', async () => {
    const { hospital, description, guardianAudit } = makeLocatorNetwork();
    const b = hospital('b');
    expect(await new GuardianClient(b.host, description).tagsOf(inputs(8), 'TREAT')).toHaveLength(8);
    const [event] = await guardianAudit.list({ limit: 10 });
    expect(event).toMatchObject({ type: 'pointer-evaluated', outcome: 'success', actor: { kind: 'hospital', id: b.did }, purpose: 'TREAT', detail: { count: 8 } });
    expect(Object.keys(event?.detail ?? {})).toEqual(['count']);
  });

  it('gives two hospitals the same tag', async () => {
    const { hospital, description } = makeLocatorNetwork();
    const [one] = await new GuardianClient(hospital('a').host, description).tagsOf([input], 'PUBLISH');
    const [other] = await new GuardianClient(hospital('b').host, description).tagsOf([input], 'TREAT');
    expect(one).toEqual(other);
  });

  it.each([
    ['a member that is no hospital', ['authority' as const], 'TREAT', 'NOT_ENTITLED'],
    ['an unknown purpose', ['hospital' as const], 'MARKETING', 'PURPOSE_UNKNOWN'],
  ])('refuses %s, and logs it', async (_name, roles, purpose, code) => {
    const { hospital, description, guardianAudit } = makeLocatorNetwork();
    const asker = hospital('x', roles);
    await expect(new GuardianClient(asker.host, description).tagsOf([input], purpose as 'TREAT')).rejects.toEqual(coded(code));
    const events = await guardianAudit.list({ limit: 10 });
    expect(events).toEqual([expect.objectContaining({ type: 'pointer-evaluation-refused', outcome: 'refused', reasonCode: code })]);
  });

  it('refuses a hospital whose membership has ended meanwhile', async () => {
    const { network, hospital, description } = makeLocatorNetwork();
    const asker = hospital('x');
    network.clock.advance(400 * 24 * 3_600_000);
    await expect(new GuardianClient(asker.host, description).tagsOf([input], 'TREAT')).rejects.toEqual(coded('NOT_ENTITLED'));
  });

  it('counts asking and publishing apart, by identifiers and by hospital, and refills', async () => {
    const rate = { burst: 4, perSecond: 1 };
    const { network, hospital, description } = makeLocatorNetwork({ askingRate: rate, publishingRate: rate });
    const asker = new GuardianClient(hospital('a').host, description);
    await asker.tagsOf(inputs(4), 'TREAT');
    await expect(asker.tagsOf([input], 'HPAYMT')).rejects.toEqual(coded('RATE_LIMITED'));
    await expect(asker.tagsOf([input], 'PUBLISH')).resolves.toHaveLength(1);
    await expect(asker.tagsOf(inputs(4), 'PUBLISH')).rejects.toEqual(coded('RATE_LIMITED'));
    await expect(new GuardianClient(hospital('b').host, description).tagsOf([input], 'TREAT')).resolves.toHaveLength(1);
    network.clock.advance(1_000);
    await expect(asker.tagsOf([input], 'TREAT')).resolves.toHaveLength(1);
  });

  it('refuses what is no group element', async () => {
    const { hospital, description } = makeLocatorNetwork();
    const asker = hospital('a');
    const [good] = blindInputs([input]).blinded;
    const ask = (blinded: Uint8Array[]): Promise<unknown> => asker.host.request(EVALUATION_PROTOCOL, description.guardian, { purpose: 'TREAT', blinded });
    await expect(ask([good as Uint8Array])).resolves.toBeDefined();
    await expect(ask([good as Uint8Array, new Uint8Array(32)])).rejects.toMatchObject({ remoteCode: 'POINT_INVALID' });
    await expect(ask(Array.from({ length: 9 }, () => good as Uint8Array))).rejects.toBeInstanceOf(NetworkError);
    await expect(ask([])).rejects.toBeInstanceOf(NetworkError);
  });
});

describe('the guardian client', () => {
  it('refuses answers made with another key than the description names', async () => {
    const { hospital, description } = makeLocatorNetwork();
    const forged = { ...description, guardianPublicKey: guardianKeys(new Uint8Array(32).fill(1)).publicKey };
    await expect(new GuardianClient(hospital('a').host, forged).tagsOf([input], 'TREAT')).rejects.toEqual(coded('GUARDIAN_PROOF_INVALID'));
  });

  it('says when the guardian cannot be reached', async () => {
    const { network, hospital, description } = makeLocatorNetwork();
    network.unreachable.add(description.guardian);
    await expect(new GuardianClient(hospital('a').host, description).tagsOf([input], 'TREAT')).rejects.toEqual(coded('GUARDIAN_UNAVAILABLE'));
  });

  it('passes on nothing of a failure inside the guardian', async () => {
    const { network, hospital, description } = makeLocatorNetwork();
    network.handlers.set(`${description.guardian} ${EVALUATION_PROTOCOL.name}`, () => Promise.reject(new Error('secret')));
    await expect(new GuardianClient(hospital('a').host, description).tagsOf([input], 'TREAT')).rejects.toEqual(coded('GUARDIAN_REFUSED'));
  });
});
