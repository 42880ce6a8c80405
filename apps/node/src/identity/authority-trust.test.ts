import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import { DidHistories, IdentityError, MEMBER_POLICY } from '@carecord/identity';
import type { NetworkFile, ResolvedDid } from '@carecord/identity';
import { ManualClock, MemoryDidHistoryStore } from '@carecord/testkit';
import { AuthorityClient } from './authority-client.ts';
import { AuthorityTrust } from './authority-trust.ts';
import { IdentityRotation } from './identity-rotation.ts';
import { TestNetwork } from './network.fixture.ts';
import { impatient } from './test-http.fixture.ts';

const refusal = (code: string): unknown => expect.objectContaining({ code });
let clock: ManualClock;
let network: TestNetwork;
let histories: DidHistories;
const trustIn = (file: NetworkFile = network.file): AuthorityTrust =>
  new AuthorityTrust(file, histories, new Map(file.authorities.map(({ did, url }) => [did, new AuthorityClient(url, network.http, impatient(clock))])), silentLogger);
const didsOf = (trust: AuthorityTrust): string[] => trust.authorities().map(({ did }) => did);
const all = (): string[] => network.authorities.map(({ did }) => did);

beforeEach(async () => {
  clock = new ManualClock();
  network = await TestNetwork.start(clock, { authorities: 3, threshold: 2 });
  histories = new DidHistories({ store: new MemoryDidHistoryStore(), clock, policy: MEMBER_POLICY });
});
afterEach(() => network.stop());

describe('AuthorityTrust', () => {
  it('is what the file says, and trusts nobody before it has seen them', async () => {
    const trust = trustIn({ ...network.file, statusMaxAgeHours: 6 });
    expect([trust.networkId, trust.threshold, trust.statusMaxAgeMilliseconds, trust.authorities()]).toEqual(['carecord-test', 2, 6 * 3_600_000, []]);
    await trust.fetch();
    expect(didsOf(trust)).toEqual(all());
  });

  it('does with enough of them, and says why when there are too few', async () => {
    network.cut(0);
    const trust = trustIn();
    await trust.fetch();
    expect(didsOf(trust)).toEqual(all().slice(1));
    network.cut(0, 1);
    histories = new DidHistories({ store: new MemoryDidHistoryStore(), clock, policy: MEMBER_POLICY });
    await expect(trustIn().fetch()).rejects.toEqual(refusal('AUTHORITY_UNREACHABLE'));
  });

  it('goes on with what was seen before while nobody answers', async () => {
    await trustIn().fetch();
    network.cut(0, 1, 2);
    const trust = trustIn();
    await trust.fetch();
    expect(didsOf(trust)).toEqual(all());
  });

  it('has the keys of now after a rotation, fetched or learned otherwise', async () => {
    const trust = trustIn();
    await trust.fetch();
    const { home, replica: { identity, ring } } = network.authority(0);
    clock.advance(60_000);
    const nothing = { services: () => [], witness: undefined, collectWitnessProofs: () => Promise.resolve([]), announce: () => Promise.resolve() };
    const rotation = new IdentityRotation({ identity, ring, settings: home.settings, ...nothing, clock, logger: silentLogger });
    const version = (): number | undefined => trust.authorities()[0]?.versionNumber;
    await rotation.rotate({ urgent: false });
    expect(version()).toBe(1);
    await trust.fetch();
    expect(version()).toBe(2);
    await rotation.rotate({ urgent: true });
    expect(await trust.refresh()).toBe(false);
    await histories.accept(identity.did, identity.record.history);
    expect(await trust.refresh()).toBe(true);
    expect(version()).toBe(3);
  });

  it('refuses an address that serves the history of another DID, and never goes back to an older one', async () => {
    const [one, two, three] = network.file.authorities;
    if (one === undefined || two === undefined || three === undefined) throw new Error('There are three.');
    const swapped = trustIn({ ...network.file, authorities: [{ ...one, url: two.url }, { ...two, url: one.url }, three] });
    await expect(swapped.fetch()).rejects.toEqual(refusal('AUTHORITY_ANSWER_INVALID'));
    expect(didsOf(swapped)).toEqual([three.did]);
  });

  it('trusts an authority no longer that has ended its DID, and the others still', async () => {
    const trust = trustIn();
    await trust.fetch();
    const [, ended] = all();
    const known = histories.known.bind(histories);
    histories.known = (did: string): Promise<ResolvedDid | undefined> => (did === ended ? Promise.reject(new IdentityError('DID_DEACTIVATED', 'It was ended.')) : known(did));
    await trust.refresh();
    expect(didsOf(trust)).toEqual(all().filter((did) => did !== ended));
  });

  it('does not take a database that fails for authorities that are not trusted', async () => {
    const trust = trustIn();
    await trust.fetch();
    histories.known = () => Promise.reject(new Error('failed on purpose'));
    await expect(trust.refresh()).rejects.toThrow('failed on purpose');
    expect(didsOf(trust)).toEqual(all());
  });
});
