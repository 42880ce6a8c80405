import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { later } from '@carecord/core';
import type { GeneralJws } from '@carecord/crypto';
import { ManualClock } from '@carecord/testkit';
import { MAX_CREDENTIAL_BYTES } from '@carecord/identity';
import { REGISTRAR } from '../authority/authority.fixture.ts';
import { TestNetwork } from './network.fixture.ts';
import type { TestHospital } from './network.fixture.ts';

let clock: ManualClock;
let network: TestNetwork;
let hospital: TestHospital;

beforeEach(async () => {
  clock = new ManualClock();
  network = await TestNetwork.start(clock, { authorities: 3, threshold: 2 });
  hospital = await network.hospital();
  await hospital.membership.apply();
  for (const at of [0, 1, 2]) await network.authority(at).office.decide(hospital.replica.identity.did, 'admit', REGISTRAR);
});
afterEach(() => network.stop());

/** From now on this authority gives that instead of a credential. */
function givesInstead(at: number, make: (credential: GeneralJws) => GeneralJws): void {
  const { issuer } = network.authority(at);
  const credentialFor = issuer.credentialFor.bind(issuer);
  issuer.credentialFor = async (membership) => make(await credentialFor(membership));
}

describe('one bad authority of three, when two are needed', () => {
  it('cannot spoil the handshakes of a hospital by a credential that no handshake has room for', async () => {
    givesInstead(0, ({ signatures }) => ({ payload: 'A'.repeat(2 * MAX_CREDENTIAL_BYTES), signatures }));
    expect(await hospital.membership.join()).toBe(true);
    const { credentials } = hospital.replica.identity.current();
    expect(credentials).toHaveLength(2);
    for (const credential of credentials) expect(JSON.stringify(credential).length).toBeLessThanOrEqual(MAX_CREDENTIAL_BYTES);
  });

  it('cannot have the hospital show a credential that is void', async () => {
    givesInstead(0, ({ payload, signatures }) => ({ payload, signatures: [...signatures].reverse() }));
    expect(await hospital.membership.join()).toBe(true);
    expect(hospital.replica.identity.current().credentials).toHaveLength(2);
  });

  it('cannot stop the hospital from joining by telling another time; two can', async () => {
    const request = network.http.request.bind(network.http);
    const wrong = new Set([network.url(0)]);
    network.http.request = async (url, options) => {
      const answer = await request(url, options);
      return wrong.has(new URL(url).origin) ? { ...answer, headers: { ...answer.headers, date: later(clock.now(), 3_600_000).toUTCString() } } : answer;
    };
    expect(await hospital.membership.apply()).toMatchObject([{ state: 'unreachable' }, { state: 'admitted' }, { state: 'admitted' }]);
    expect(await hospital.membership.join()).toBe(false);
    const second = await network.hospital({ domain: 'b.hospital.example' });
    wrong.add(network.url(1));
    await expect(second.membership.apply()).rejects.toMatchObject({ code: 'CLOCK_SKEW' });
  });
});
