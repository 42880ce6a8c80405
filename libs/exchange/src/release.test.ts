import { beforeEach, describe, expect, it } from '@jest/globals';
import { canonicalJson } from '@carecord/core';
import { CLINICIAN, known, makeHospitals } from '../../testkit/src/exchange-fixture.ts';
import type { TestHospital } from '../../testkit/src/exchange-fixture.ts';
import { GRANT_LIFETIME_MILLISECONDS } from './limits.ts';
import type { AccessAnswer } from './protocols.ts';

const REQUEST = '/carecord/exchange/request/1';
const BLOCKS = '/carecord/blocks/1';

describe('release', () => {
  let world: Awaited<ReturnType<typeof makeHospitals>>;
  beforeEach(async () => {
    world = await makeHospitals();
  });

  it('brings the very resources of the holder to the staff member who asked, found by a pointer', async () => {
    const { a, b } = world;
    const { patientId, nationalId } = await a.admit(12, 'listed');
    await a.consentTo(patientId, b);
    const { pointers } = await b.locator.locate(nationalId, { purpose: 'TREAT', actor: { kind: 'staff', id: CLINICIAN.id } });
    expect(pointers).toHaveLength(1);

    const outcome = await b.ask(a, { handle: pointers[0]?.handle });
    expect(outcome.state).toBe('released');
    const read = await b.requester.readReleased(outcome.requestId, CLINICIAN);

    const held = await a.records.timeline(patientId);
    const texts = read.map(({ resource }) => canonicalJson(resource));
    for (const { resource } of held) expect(texts).toContain(canonicalJson(resource));
    // The directory resources that the patient's refer to come along.
    expect(read.length).toBeGreaterThan(held.length);
    expect(read.filter(({ resourceType }) => resourceType === 'Practitioner').length).toBeGreaterThan(0);
  });

  it('leaves both logs with all steps, under one request id and without the reason', async () => {
    const { a, b } = world;
    const { patientId, nationalId } = await a.admit(5, 'listed');
    await a.consentTo(patientId, b);
    const { requestId } = await b.askByTag(a, nationalId, { reason: 'CANARY-REASON' });
    await b.requester.readReleased(requestId, CLINICIAN);
    const [logA, logB] = [await a.log(), await b.log()];
    expect(logA.map(({ type }) => type)).toEqual(['access-decided', 'records-released', 'blocks-served']);
    expect(logA[1]).toMatchObject({ requestId, patientId, counterparty: b.did, purpose: 'TREAT', outcome: 'success', reasonCode: 'CONSENT_PERMITS' });
    expect(logB.map(({ type }) => type)).toEqual(['access-requested', 'records-received', 'records-read']);
    expect(logB.every((event) => event.requestId === requestId)).toBe(true);
    expect(JSON.stringify([logA, logB])).not.toContain('CANARY');
    await expect(a.audit.verify()).resolves.toBeDefined();
    await expect(b.audit.verify()).resolves.toBeDefined();
  });

  it('keeps the reason sealed on both sides, and shows it to who asked', async () => {
    const { a, b } = world;
    const { patientId, nationalId } = await a.admit(5, 'listed');
    await a.consentTo(patientId, b);
    const { requestId } = await b.askByTag(a, nationalId, { reason: 'CANARY-REASON' });
    const stored = [known(await a.received.find(requestId)).sealedReason, known(await b.sent.find(requestId)).sealedReason];
    for (const sealed of stored) expect(Buffer.from(sealed).toString('latin1')).not.toContain('CANARY');
    expect(await b.requester.requests(CLINICIAN.id)).toMatchObject([{ requestId, state: 'released', reason: 'CANARY-REASON', holder: a.did }]);
    expect(await b.requester.requests('someone-else')).toEqual([]);
  });

  it('releases the asked-for types alone', async () => {
    const { a, b } = world;
    const { patientId, nationalId } = await a.admit(12, 'listed');
    await a.consentTo(patientId, b);
    const { requestId } = await b.askByTag(a, nationalId, { resourceTypes: ['Observation'] });
    const types = new Set((await b.requester.readReleased(requestId, CLINICIAN)).map(({ resourceType }) => resourceType));
    expect(types.has('Observation')).toBe(true);
    expect(types.has('Patient') || types.has('Condition')).toBe(false);
  });

  it('releases the consented types alone when all are asked for', async () => {
    const { a, b } = world;
    const { patientId, nationalId } = await a.admit(12, 'listed');
    await a.consentTo(patientId, b, ['TREAT'], ['Observation', 'Patient']);
    const { requestId } = await b.askByTag(a, nationalId);
    const types = new Set((await b.requester.readReleased(requestId, CLINICIAN)).map(({ resourceType }) => resourceType));
    expect(types.has('Observation') && types.has('Patient')).toBe(true);
    expect(types.has('Condition') || types.has('Encounter') || types.has('Consent')).toBe(false);
  });

  it('reaches an unlisted patient by tag when the patient consented', async () => {
    const { a, b } = world;
    const { patientId, nationalId } = await a.admit(5, 'unlisted');
    await a.consentTo(patientId, b);
    expect((await b.askByTag(a, nationalId)).state).toBe('released');
  });

  it('sends what a staff member is called as a pseudonym of its own for each hospital', async () => {
    const { a, b, c } = world;
    const pseudonymAt = async (holder: TestHospital): Promise<string> => {
      const { requestId } = await b.ask(holder, { locationTag: new Uint8Array(32) });
      return known(await holder.received.find(requestId)).staffPseudonym;
    };
    const pseudonym = await pseudonymAt(a);
    expect(await pseudonymAt(a)).toBe(pseudonym);
    expect(await pseudonymAt(c)).not.toBe(pseudonym);
    expect(pseudonym).not.toContain(CLINICIAN.id);
  });

  describe('reading', () => {
    let requestId: string;
    beforeEach(async () => {
      const { a, b } = world;
      const { patientId, nationalId } = await a.admit(5, 'listed');
      await a.consentTo(patientId, b);
      ({ requestId } = await b.askByTag(a, nationalId));
    });

    it('is for who asked alone, in the role in which they asked', async () => {
      const { b } = world;
      await expect(b.requester.readReleased(requestId, { id: 'staff-2', role: 'clinician' })).rejects.toMatchObject({ code: 'REQUEST_NOT_FOUND' });
      await expect(b.requester.readReleased(requestId, { ...CLINICIAN, role: 'registrar' })).rejects.toMatchObject({ code: 'REQUEST_NOT_FOUND' });
      expect((await b.log()).at(-1)).toMatchObject({ type: 'records-read', outcome: 'refused', reasonCode: 'REQUEST_NOT_FOUND' });
      expect(await b.requester.readReleased(requestId, CLINICIAN)).not.toEqual([]);
    });

    it('ends with the grant, and then the keys and blocks go too', async () => {
      const { b, clock } = world;
      clock.advance(GRANT_LIFETIME_MILLISECONDS - 1);
      expect(await b.requester.readReleased(requestId, CLINICIAN)).not.toEqual([]);
      clock.advance(1);
      await expect(b.requester.readReleased(requestId, CLINICIAN)).rejects.toMatchObject({ code: 'GRANT_EXPIRED' });
      expect(await b.requester.requests(CLINICIAN.id)).toMatchObject([{ state: 'expired' }]);
      await b.requester.expireOverdue();
      expect(known(await b.sent.find(requestId)).sealedGrant).toBeUndefined();
      await expect(b.requester.readReleased(requestId, CLINICIAN)).rejects.toMatchObject({ code: 'GRANT_EXPIRED' });
    });

    it('does not happen without a log entry', async () => {
      const { b } = world;
      b.unwritable = ['records-read'];
      await expect(b.requester.readReleased(requestId, CLINICIAN)).rejects.toThrow('The log is full.');
    });

    it('refuses a stored grant that was changed', async () => {
      const { b } = world;
      b.sent.tamper(requestId, (request) => ({ ...request, sealedGrant: flipped(known(request.sealedGrant)) }));
      await expect(b.requester.readReleased(requestId, CLINICIAN)).rejects.toMatchObject({ code: 'GRANT_INVALID' });
    });

    it('refuses a stored block that was changed', async () => {
      const { a, b } = world;
      const { contentIds } = known(await a.grants.findByRequest(requestId));
      b.blocks.tamper(known(contentIds[0]), flipped);
      await expect(b.requester.readReleased(requestId, CLINICIAN)).rejects.toMatchObject({ code: 'CIPHERTEXT_TAMPERED' });
    });
  });

  describe('what the holder sends is checked', () => {
    const ask = async (): Promise<unknown> => {
      const { a, b } = world;
      const { patientId, nationalId } = await a.admit(5, 'listed');
      await a.consentTo(patientId, b);
      return b.askByTag(a, nationalId);
    };
    const expectFailed = async (outcomeCode: string): Promise<void> => {
      expect(await world.b.requester.requests(CLINICIAN.id)).toMatchObject([{ state: 'failed', outcomeCode }]);
      expect((await world.b.log()).at(-1)).toMatchObject({ type: 'access-refused', outcome: 'failure', reasonCode: outcomeCode });
    };

    it('refuses a grant that was changed on its way', async () => {
      world.network.tamper.set(REQUEST, (answer) => {
        const { state, grant } = answer as Extract<AccessAnswer, { state: 'released' }>;
        const payload = JSON.parse(Buffer.from(grant.payload, 'base64url').toString()) as { terms: { expiresAt: string } };
        payload.terms.expiresAt = '2099-01-01T00:00:00.000Z';
        return { state, grant: { ...grant, payload: Buffer.from(JSON.stringify(payload)).toString('base64url') } };
      });
      await expect(ask()).rejects.toMatchObject({ code: 'GRANT_INVALID' });
      await expectFailed('GRANT_INVALID');
    });

    it('refuses a block that was changed on its way', async () => {
      world.network.tamper.set(BLOCKS, (answer) => {
        const { blocks } = answer as { blocks: { contentId: string; ciphertext: Uint8Array }[] };
        return { blocks: blocks.map((block) => ({ ...block, ciphertext: flipped(block.ciphertext) })) };
      });
      await expect(ask()).rejects.toMatchObject({ code: 'CIPHERTEXT_TAMPERED' });
      await expectFailed('CIPHERTEXT_TAMPERED');
    });

    it('refuses a release of which blocks are missing', async () => {
      world.network.tamper.set(BLOCKS, (answer) => {
        const { blocks } = answer as { blocks: { contentId: string }[] };
        return { blocks: blocks.map((block, at) => (at === 0 ? { ...block, ciphertext: null } : block)) };
      });
      await expect(ask()).rejects.toMatchObject({ code: 'NOT_AVAILABLE' });
      await expectFailed('NOT_AVAILABLE');
    });

    it('says so when the holder cannot be reached', async () => {
      const { a, b, network } = world;
      network.unreachable.add(a.did);
      await expect(b.ask(a, { locationTag: new Uint8Array(32) })).rejects.toMatchObject({ code: 'HOLDER_UNREACHABLE' });
      await expectFailed('HOLDER_UNREACHABLE');
    });

    it('keeps nothing when the log cannot be written', async () => {
      const { b } = world;
      b.unwritable = ['records-received'];
      await expect(ask()).rejects.toThrow('The log is full.');
      const [request] = await b.requester.requests(CLINICIAN.id);
      expect(request).toMatchObject({ state: 'failed', outcomeCode: 'INTERNAL_ERROR' });
      expect(known(await b.sent.find(known(request).requestId)).sealedGrant).toBeUndefined();
    });
  });

  it('asks nothing without a log entry', async () => {
    const { a, b, network } = world;
    b.unwritable = ['access-requested'];
    await expect(b.ask(a, { locationTag: new Uint8Array(32) })).rejects.toThrow('The log is full.');
    expect(network.of(REQUEST)).toEqual([]);
  });

  it.each([
    ['no reason', { reason: '  ' }, 'REASON_INVALID'],
    ['a page of text', { reason: 'x'.repeat(501) }, 'REASON_INVALID'],
    ['no patient', { locationTag: undefined }, 'REQUEST_INVALID'],
    ['an unknown resource type', { resourceTypes: ['Observatoin'] }, 'REQUEST_INVALID'],
  ])('does not send a request with %s', async (_name, change, code) => {
    const { a, b, network } = world;
    await expect(b.ask(a, { locationTag: new Uint8Array(32), ...change })).rejects.toMatchObject({ code });
    expect(network.of(REQUEST)).toEqual([]);
  });
});

function flipped(bytes: Uint8Array): Uint8Array {
  const changed = Uint8Array.from(bytes);
  changed.set([known(bytes.at(-1)) ^ 1], bytes.length - 1);
  return changed;
}
