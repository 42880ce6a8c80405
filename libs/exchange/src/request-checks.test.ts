import { beforeEach, describe, expect, it } from '@jest/globals';
import { later, newId } from '@carecord/core';
import { CLOCK_SKEW_MILLISECONDS } from '@carecord/identity';
import { askingTag } from '@carecord/locator';
import { CLINICIAN, known, letTimePass, makeHospitals, NETWORK_ID } from '../../testkit/src/exchange-fixture.ts';
import type { TestHospital } from '../../testkit/src/exchange-fixture.ts';
import { REQUEST_LIFETIME_MILLISECONDS } from './limits.ts';
import { ACCESS_REQUEST_PROTOCOL } from './protocols.ts';
import { signAccessRequest } from './signed-request.ts';
import type { AccessRequest } from './signed-request.ts';

describe('a request that reaches the holder', () => {
  let world: Awaited<ReturnType<typeof makeHospitals>>;
  beforeEach(async () => {
    world = await makeHospitals();
  });

  const requestOf = (changes: Partial<AccessRequest> = {}): AccessRequest => {
    const now = world.clock.now();
    return {
      requestId: newId(),
      requester: world.b.did,
      holder: world.a.did,
      network: NETWORK_ID,
      selector: { tag: Buffer.alloc(32, 7).toString('base64url') },
      purpose: 'TREAT',
      reason: 'Treated here.',
      role: CLINICIAN.role,
      staffPseudonym: 'ab'.repeat(32),
      issuedAt: now.toISOString(),
      expiresAt: later(now, REQUEST_LIFETIME_MILLISECONDS).toISOString(),
      ...changes,
    };
  };
  const sign = (request: AccessRequest, by: TestHospital = world.b): ReturnType<typeof signAccessRequest> =>
    signAccessRequest(request, { did: by.resolved, signer: by.signer });
  const send = (jws: unknown, from: TestHospital = world.b): Promise<unknown> =>
    letTimePass(world.clock, world.network.send(ACCESS_REQUEST_PROTOCOL, from.member, world.a.did, jws));
  const expectRefused = async (code: string, answering: Promise<unknown>): Promise<void> => {
    const before = world.clock.now();
    expect(await answering).toEqual({ state: 'refused', code });
    expect((await world.a.log()).at(-1)).toMatchObject({ type: 'access-refused', outcome: 'refused', reasonCode: code });
    // Nothing about a patient is in these answers: they need not wait.
    expect(world.clock.now()).toEqual(before);
  };

  it('is looked at when all is in order', async () => {
    expect(await send(await sign(requestOf()))).toEqual({ state: 'refused', code: 'NOT_AVAILABLE' });
    expect((await world.a.log()).at(-1)).toMatchObject({ reasonCode: 'UNKNOWN_PATIENT' });
  });

  it('is refused the second time', async () => {
    const jws = await sign(requestOf());
    await send(jws);
    await expectRefused('REQUEST_REPLAYED', send(jws));
  });

  it('is kept once when it comes twice at once', async () => {
    const jws = await sign(requestOf());
    await Promise.all([send(jws), send(jws)]);
    expect(await world.a.received.list({ states: ['denied'], receivedAfter: new Date(0), limit: 10 })).toHaveLength(1);
  });

  it('is answered with a grant once when it comes twice at once', async () => {
    const { a, b } = world;
    const { patientId, nationalId } = await a.admit(3, 'listed');
    await a.consentTo(patientId, b);
    const { tag } = await b.locator.locate(nationalId, { purpose: 'TREAT', actor: { kind: 'staff', id: CLINICIAN.id } });
    const jws = await sign(requestOf({ selector: { tag: Buffer.from(askingTag(tag, a.did)).toString('base64url') } }));
    const answers = (await Promise.all([send(jws), send(jws)])) as { state: string; code?: string }[];
    expect(answers.map(({ state }) => state).sort()).toEqual(['refused', 'released']);
    expect(answers.find(({ state }) => state === 'refused')?.code).toBe('REQUEST_REPLAYED');
  });

  it('is refused when another hospital sends it', async () => {
    await expectRefused('REQUEST_INVALID', send(await sign(requestOf()), world.c));
  });

  it('is refused when it names another hospital than the one that signs and sends it', async () => {
    await expectRefused('REQUEST_FOREIGN', send(await sign(requestOf({ requester: world.c.did }))));
  });

  it('is refused when it is for another holder', async () => {
    await expectRefused('REQUEST_FOREIGN', send(await sign(requestOf({ holder: world.c.did }))));
  });

  it('is refused when it is for another network', async () => {
    await expectRefused('REQUEST_FOREIGN', send(await sign(requestOf({ network: 'another-network' }))));
  });

  it('is refused when the sender is no hospital, or no member any more', async () => {
    const jws = await sign(requestOf());
    const { a, b, clock, network } = world;
    await expectRefused('REQUEST_FOREIGN', network.send(ACCESS_REQUEST_PROTOCOL, { ...b.member, roles: ['authority'] }, a.did, jws));
    await expectRefused('REQUEST_FOREIGN', network.send(ACCESS_REQUEST_PROTOCOL, { ...b.member, membershipValidUntil: clock.now() }, a.did, jws));
  });

  it('is refused before and after its time, and when its time is too long', async () => {
    const now = world.clock.now();
    const at = (milliseconds: number): string => later(now, milliseconds).toISOString();
    const early = CLOCK_SKEW_MILLISECONDS + 1;
    await expectRefused('REQUEST_EXPIRED', send(await sign(requestOf({ issuedAt: at(early), expiresAt: at(early + 1000) }))));
    await expectRefused('REQUEST_EXPIRED', send(await sign(requestOf({ issuedAt: at(-early - 1000), expiresAt: at(-early) }))));
    await expectRefused('REQUEST_EXPIRED', send(await sign(requestOf({ expiresAt: at(REQUEST_LIFETIME_MILLISECONDS + 1) }))));
  });

  it('is looked at when the clocks are a little apart', async () => {
    const now = world.clock.now();
    const issuedAt = later(now, CLOCK_SKEW_MILLISECONDS).toISOString();
    const request = requestOf({ issuedAt, expiresAt: later(now, CLOCK_SKEW_MILLISECONDS + 1).toISOString() });
    expect(await send(await sign(request))).toEqual({ state: 'refused', code: 'NOT_AVAILABLE' });
  });

  it.each([0, 1])('is refused when signature %d is not right', async (at) => {
    const jws = await sign(requestOf());
    const other = await sign(requestOf());
    const signatures = jws.signatures.map((signature, index) => (index === at ? known(other.signatures[at]) : signature));
    await expectRefused('REQUEST_INVALID', send({ ...jws, signatures }));
  });

  it('is refused when its content was changed', async () => {
    const jws = await sign(requestOf());
    const changed = { ...(JSON.parse(Buffer.from(jws.payload, 'base64url').toString()) as object), purpose: 'ETREAT' };
    await expectRefused('REQUEST_INVALID', send({ ...jws, payload: Buffer.from(JSON.stringify(changed)).toString('base64url') }));
  });
});
