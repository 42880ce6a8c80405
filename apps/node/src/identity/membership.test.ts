import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@carecord/testkit';
import { REGISTRAR } from '../authority/authority.fixture.ts';
import type { AuthorityNode } from '../authority/authority.fixture.ts';
import { AdmissionTickets } from '../config/admission-tickets.ts';
import { Home } from './identity.fixture.ts';
import { IdentityRotation } from './identity-rotation.ts';
import { TestNetwork } from './network.fixture.ts';
import type { NetworkOptions, TestHospital } from './network.fixture.ts';
import { silentLogger } from '@carecord/core';

const DAY = 24 * 60 * 60_000;
const refusal = (code: string, ...parts: string[]) => expect.objectContaining({ name: 'NodeError', code, message: expect.stringMatching(new RegExp(parts.join('.*'))) });

let clock: ManualClock;
let network: TestNetwork;
let home: Home;
const start = (options: NetworkOptions): Promise<void> => TestNetwork.start(clock, options).then((started) => void (network = started));
const hospital = (options: Parameters<TestNetwork['hospital']>[0] = {}): Promise<TestHospital> => network.hospital({ home, ...options });
const decide = (at: number, action: 'admit' | 'refuse' | 'suspend' | 'reinstate' | 'revoke', { replica }: TestHospital): Promise<unknown> => network.authority(at).office.decide(replica.identity.did, action, REGISTRAR);
const storedOf = (): Record<string, { credential: { payload: string }; witnessProof?: { versionId: string } }> => JSON.parse(home.settings.values.get('identity.memberships') ?? '{}') as never;

async function rotateAuthority({ home: place, replica: { identity, ring } }: AuthorityNode, urgent: boolean): Promise<void> {
  const nothing = { services: () => [], witness: undefined, collectWitnessProofs: () => Promise.resolve([]), announce: () => Promise.resolve() };
  await new IdentityRotation({ identity, ring, settings: place.settings, ...nothing, clock, logger: silentLogger }).rotate({ urgent });
}

beforeEach(() => {
  clock = new ManualClock();
  home = new Home();
});
afterEach(() => network.stop());

describe('a hospital that applies to three authorities of which two are needed', () => {
  beforeEach(() => start({ authorities: 3, threshold: 2 }));

  it('is told how its application stands, until enough have admitted it', async () => {
    const first = await hospital();
    await expect(first.membership.join()).rejects.toEqual(refusal('ADMISSION_PENDING', '0 of the 2 authorities', '3 have not decided', 'carecord authority admit'));
    expect(() => first.membership.membership).toThrow(refusal('NOT_ADMITTED'));
    await decide(0, 'admit', first);
    await expect(first.membership.join()).rejects.toEqual(refusal('ADMISSION_PENDING', '1 of the 2 authorities', '2 have not decided'));
    expect(first.replica.identity.isWitnessed).toBe(false);
    await decide(2, 'admit', first);
    expect(await first.membership.join()).toBe(true);
    expect(first.membership.membership).toMatchObject({ name: 'Hospital A', roles: ['hospital'], standings: [{ authority: network.authority(0).did }, { authority: network.authority(2).did }] });
    expect(first.replica.identity.current()).toMatchObject({ credentials: [expect.anything(), expect.anything()], resolved: { versionNumber: 1 } });
  });

  it('becomes a member with the witness proofs of those that admitted it, and stays one after a restart when nobody answers', async () => {
    const first = await hospital();
    await first.membership.apply();
    await Promise.all([decide(0, 'admit', first), decide(1, 'admit', first)]);
    await first.membership.join();
    network.cut(0, 1, 2);
    const again = await hospital();
    network.http.requests.length = 0;
    expect(await again.membership.join()).toBe(false);
    expect([again.replica.identity.isWitnessed, again.membership.membership.standings.length, network.http.requests]).toEqual([true, 2, []]);
  });

  it('is told which do not answer when they could decide it', async () => {
    const first = await hospital();
    network.cut(1, 2);
    await expect(first.membership.join()).rejects.toEqual(refusal('AUTHORITY_UNREACHABLE', '0 of the 2 authorities', '2 do not answer'));
    expect(await first.membership.apply()).toEqual([
      { authority: network.authority(0).did, state: 'pending' },
      { authority: network.authority(1).did, state: 'unreachable' },
      { authority: network.authority(2).did, state: 'unreachable' },
    ]);
    await decide(0, 'admit', first);
    network.cut(2);
    await expect(first.membership.join()).rejects.toEqual(refusal('ADMISSION_PENDING', '1 of the 2 authorities', '1 have not decided'));
  });

  it('is told that it was refused, and pending again when it applies anew', async () => {
    const first = await hospital();
    await first.membership.apply();
    await Promise.all([decide(0, 'refuse', first), decide(1, 'refuse', first)]);
    const bad = await hospital({ tickets: AdmissionTickets.parse('unknown-ticket') ?? AdmissionTickets.none });
    await expect(bad.membership.join()).rejects.toEqual(refusal('ADMISSION_REFUSED', '0 of the 2 authorities', 'CARECORD_ADMISSION_TICKET_FILE'));
    expect(await first.membership.apply()).toEqual(network.authorities.map(({ did: authority }) => ({ authority, state: 'pending' })));
  });

  it('uses the ticket of each authority', async () => {
    for (const at of [0, 1]) await network.authority(at).office.openTickets([{ ticket: `ticket-of-authority-${at}`, name: 'Hospital A' }]);
    const lines = [0, 1].map((at) => `${network.authority(at).did} ticket-of-authority-${at}`);
    const first = await hospital({ tickets: AdmissionTickets.parse(lines.join('\n')) ?? AdmissionTickets.none });
    expect(await first.membership.join()).toBe(true);
    expect(await first.membership.apply()).toMatchObject([{ state: 'admitted' }, { state: 'admitted' }, { state: 'pending' }]);
  });

  it('that was suspended is told so by name, without its credentials', async () => {
    const first = await hospital();
    await first.membership.apply();
    for (const at of [0, 1, 2]) await decide(at, 'admit', first);
    for (const at of [0, 1]) await decide(at, 'suspend', first);
    await decide(2, 'revoke', first);
    await expect(first.membership.join()).rejects.toEqual(refusal('ADMISSION_REFUSED', '0 of the 2 authorities', '3 have suspended or ended'));
    await decide(0, 'reinstate', first);
    await decide(1, 'reinstate', first);
    expect(await first.membership.join()).toBe(true);
  });

  it('that was suspended after it joined learns it from the status lists', async () => {
    const first = await hospital();
    await first.membership.apply();
    for (const at of [0, 1]) await decide(at, 'admit', first);
    await first.membership.join();
    const standing = async (): Promise<string> => {
      for (const client of first.clients.values()) await first.statuses.offer(await client.statusList());
      return first.statuses.standing(first.membership.membership, clock.now());
    };
    expect(await standing()).toBe('standing');
    await decide(0, 'suspend', first);
    expect(await standing()).toBe('suspended');
    expect((await hospital()).replica.identity.did).toBe(first.replica.identity.did);
  });

  it('does not apply over stored credentials that are damaged', async () => {
    home.settings.values.set('identity.memberships', '{"did":');
    const first = await hospital();
    await expect(first.membership.join()).rejects.toEqual(refusal('DATABASE_MISMATCH', 'backup'));
    expect(network.http.requests.filter((request) => request.startsWith('POST'))).toEqual([]);
  });

  it('passes over what an authority gave that is no longer in the network file', async () => {
    const first = await hospital();
    await first.membership.apply();
    for (const at of [0, 1, 2]) await decide(at, 'admit', first);
    await first.membership.join();
    const again = await hospital({ file: { ...network.file, authorities: network.file.authorities.slice(0, 2) } });
    await again.membership.join();
    expect(again.replica.identity.current().credentials).toHaveLength(2);
  });
});

describe('renewing', () => {
  let member: TestHospital;
  const validUntil = (): number => member.membership.membership.validUntil.getTime();
  beforeEach(async () => {
    await start({ authorities: 2, threshold: 2 });
    member = await hospital();
    await member.membership.apply();
    for (const at of [0, 1]) await decide(at, 'admit', member);
    await member.membership.join();
    network.http.requests.length = 0;
  });

  it('asks nobody while more than a third of the time is left', async () => {
    clock.advance(59 * DAY);
    await member.membership.renew();
    expect(network.http.requests).toEqual([]);
  });

  it('asks when less is left, and uses the new credentials', async () => {
    const before = validUntil();
    clock.advance(61 * DAY);
    await member.membership.renew();
    expect(network.http.requests).toEqual(['POST /memberships', 'POST /memberships']);
    expect(validUntil() - before).toBe(61 * DAY);
  });

  it('goes on with what it has when an authority is away, and tries again', async () => {
    const before = validUntil();
    clock.advance(61 * DAY);
    network.cut(1);
    await member.membership.renew();
    expect(validUntil()).toBe(before);
    network.cut();
    await member.membership.renew();
    expect(validUntil()).toBeGreaterThan(before);
  });

  it('is over when nobody renews it', async () => {
    clock.advance(91 * DAY);
    expect(await member.membership.useStored()).toBe(false);
    expect(member.statuses.standing(member.membership.membership, clock.now())).toBe('expired');
  });

  it('gets nothing new when the member is suspended, and keeps what it had', async () => {
    const before = storedOf();
    await decide(0, 'suspend', member);
    clock.advance(61 * DAY);
    await member.membership.renew();
    expect(storedOf()[network.authority(0).did]).toEqual(before[network.authority(0).did]);
    expect(storedOf()[network.authority(1).did]).not.toEqual(before[network.authority(1).did]);
  });

  it('asks the authority whose keys were replaced at once, and not one that rotated as planned', async () => {
    const before = storedOf();
    clock.advance(DAY);
    await rotateAuthority(network.authority(0), false);
    await rotateAuthority(network.authority(1), true);
    await member.trust.fetch();
    expect(await member.membership.useStored()).toBe(false);
    network.http.requests.length = 0;
    await member.membership.renew();
    expect(network.http.requests).toEqual(['POST /memberships']);
    expect(storedOf()[network.authority(0).did]).toEqual(before[network.authority(0).did]);
    expect(member.membership.membership.standings).toHaveLength(2);
    expect(await member.membership.useStored()).toBe(true);
  });
});

describe('the witnesses of a hospital', () => {
  it('may be more than must admit it', async () => {
    await start({ authorities: 2, threshold: 1, witnessThreshold: 2 });
    const first = await hospital();
    await first.membership.apply();
    await decide(0, 'admit', first);
    await expect(first.membership.join()).rejects.toEqual(refusal('ADMISSION_PENDING', '1 of the 2 authorities'));
    await decide(1, 'admit', first);
    expect(await first.membership.join()).toBe(true);
  });

  it('may be nobody', async () => {
    await start({ witnessThreshold: 0 });
    const first = await hospital();
    expect(first.replica.identity.isWitnessed).toBe(true);
    await first.membership.apply();
    await decide(0, 'admit', first);
    expect(await first.membership.join()).toBe(true);
  });

  it('are asked when the network wants them from now on', async () => {
    await start({ witnessThreshold: 0 });
    const first = await hospital();
    await first.membership.apply();
    await decide(0, 'admit', first);
    await first.membership.join();
    const again = await hospital({ file: { ...network.file, witnessThreshold: 1 } });
    expect(again.replica.identity.isWitnessed).toBe(false);
    expect(await again.membership.join()).toBe(false);
    expect(again.replica.identity.isWitnessed).toBe(true);
  });

  it('that sign with another key than the network file says complete nothing, and the operator is told', async () => {
    await start({});
    const [authority] = network.file.authorities;
    const stranger = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK';
    const file = { ...network.file, authorities: authority === undefined ? [] : [{ ...authority, witness: stranger }] };
    const first = await hospital({ file });
    await first.membership.apply();
    await decide(0, 'admit', first);
    await expect(first.membership.join()).rejects.toEqual(refusal('AUTHORITY_ANSWER_INVALID', 'network file'));
    expect(first.replica.identity.isWitnessed).toBe(false);
  });
});

describe('an authority with another time', () => {
  it.each([61_000, -61_000, 3_600_000])('stops the hospital: %i ms', async (skew) => {
    await start({});
    const first = await hospital();
    network.http.skewMilliseconds = skew;
    await expect(first.membership.join()).rejects.toEqual(refusal('CLOCK_SKEW', 'more than 60 seconds', 'NTP'));
  });

  it('does not stop it when enough others have the same time: one of them may lie', async () => {
    await start({ authorities: 3, threshold: 2 });
    const first = await hospital();
    network.http.skewMilliseconds = 61_000;
    network.http.skewed.add(network.url(1));
    await expect(first.membership.join()).rejects.toEqual(refusal('ADMISSION_PENDING', '2 have not decided'));
    network.http.skewed.add(network.url(2));
    await expect(first.membership.join()).rejects.toEqual(refusal('CLOCK_SKEW'));
  });

  it('does not stop it within a minute', async () => {
    await start({});
    network.http.skewMilliseconds = 58_000;
    const first = await hospital();
    await expect(first.membership.join()).rejects.toEqual(refusal('ADMISSION_PENDING'));
  });
});
