import { beforeAll, describe, expect, it } from '@jest/globals';
import { canonicalJsonBytes, later, newId } from '@carecord/core';
import { contentIdOf, generateRecipientSeed, randomKey, recipientPublicKey, signJws } from '@carecord/crypto';
import type { GeneralJws } from '@carecord/crypto';
import type { ReleasableVersion } from '@carecord/records';
import fc from 'fast-check';
import type { RecipientKey } from './dependencies.ts';
import { issueGrant, openGrant, verifyGrant } from './grant.ts';
import { known, makeIdentity } from '../../testkit/src/exchange-fixture.ts';
import { GRANT_LIFETIME_MILLISECONDS, MAX_GRANT_VERSIONS } from './limits.ts';
import { SealedValues } from './sealed-values.ts';

const NOW = new Date('2026-06-01T08:00:00.000Z');
const UNTIL = later(NOW, 3_600_000);

type Identity = Awaited<ReturnType<typeof makeIdentity>>;
type Payload = { terms: Record<string, unknown> & { versions: Record<string, unknown>[] }; sealedGrantKey: string };

describe('grant', () => {
  let holder: Identity;
  let recipient: Identity;
  let other: Identity;
  beforeAll(async () => {
    [holder, recipient, other] = await Promise.all([makeIdentity('a'), makeIdentity('b'), makeIdentity('c')]);
  });

  const requestId = newId();
  const versions = [version(1), version(2), version(3)];
  const issue = (changes: { issuedAt?: Date; expiresAt?: Date; recipient?: Identity; versions?: ReleasableVersion[]; requestId?: string } = {}): ReturnType<typeof issueGrant> =>
    issueGrant({
      requestId: changes.requestId ?? requestId,
      purpose: 'TREAT',
      holder: { did: holder.resolved, signer: holder.signer },
      recipient: (changes.recipient ?? recipient).resolved,
      versions: changes.versions ?? versions,
      manifest: contentIdOf(Uint8Array.of(0)),
      issuedAt: changes.issuedAt ?? NOW,
      expiresAt: changes.expiresAt ?? UNTIL,
    });
  const verify = (jws: unknown, by: { reader?: Identity; keys?: RecipientKey[]; now?: Date; asked?: object; from?: Pick<Identity, 'resolved'> } = {}): ReturnType<typeof verifyGrant> => {
    const reader = by.reader ?? recipient;
    const asked = { requestId, requester: reader.resolved.did, purpose: 'TREAT', ...by.asked } as const;
    return verifyGrant(jws, asked, (by.from ?? holder).resolved, { recipientKeys: by.keys ?? [keyOf(reader)], now: by.now ?? NOW });
  };
  /** Signs a changed grant anew with the holder's keys: what a dishonest holder, or a bug of ours, could send. */
  const resigned = (jws: GeneralJws, change: (payload: Payload) => void): Promise<GeneralJws> => {
    const payload = JSON.parse(Buffer.from(jws.payload, 'base64url').toString()) as Payload;
    change(payload);
    return signJws(holder.signer, 'carecord-grant+jws', holder.resolved.signingKeyIds, canonicalJsonBytes(payload));
  };

  it('gives the recipient the data keys, in the order of its versions', async () => {
    const { jws } = await issue();
    const { terms, dataKeys } = await verify(jws);
    expect(dataKeys.map(hex)).toEqual(versions.map(({ dataKey }) => hex(dataKey)));
    expect(terms.versions.map(({ contentId }) => contentId)).toEqual(versions.map(({ contentId }) => contentId));
    expect(terms).toMatchObject({ requestId, holder: holder.resolved.did, recipient: recipient.resolved.did, purpose: 'TREAT', expiresAt: UNTIL.toISOString() });
  });

  it('is kept by the recipient as it was signed, so that it proves the release later', async () => {
    const { jws } = await issue();
    const sealed = new SealedValues(randomKey());
    const kept = sealed.openGrant(requestId, sealed.sealGrant(requestId, jws));
    expect(kept).toEqual(jws);
    expect((await verify(kept)).terms).toMatchObject({ requestId, holder: holder.resolved.did });
    expect(() => sealed.openGrant(newId(), sealed.sealGrant(requestId, jws))).toThrow(expect.objectContaining({ code: 'OPEN_FAILED' }));
  });

  it('may be empty: the patient consented, and there is nothing of the type', async () => {
    expect((await verify((await issue({ versions: [] })).jws)).dataKeys).toEqual([]);
  });

  it('holds no data key in the clear', async () => {
    const { jws } = await issue();
    const payload = Buffer.from(jws.payload, 'base64url');
    for (const { dataKey } of versions) {
      expect(payload.includes(Buffer.from(dataKey))).toBe(false);
      expect(payload.includes(Buffer.from(dataKey).toString('base64url'))).toBe(false);
    }
  });

  it('uses another grant key each time', async () => {
    const keys = await Promise.all([issue(), issue()]);
    const wrapped = keys.map(({ terms }) => terms.versions[0]?.wrappedDataKey);
    expect(wrapped[0]).not.toBe(wrapped[1]);
  });

  it('is nothing for another recipient', async () => {
    const { jws } = await issue();
    await expect(verify(jws, { reader: other })).rejects.toMatchObject({ code: 'GRANT_INVALID' });
    await expect(verify(jws, { keys: [{ ...keyOf(recipient), seed: other.recipientSeed }] })).rejects.toMatchObject({ code: 'GRANT_INVALID' });
    await expect(verify((await issue({ recipient: other })).jws)).rejects.toMatchObject({ code: 'GRANT_INVALID' });
  });

  it.each([
    ['request', { requestId: newId() }],
    ['purpose', { purpose: 'HRESCH' }],
  ])('is nothing for another %s', async (_name, asked) => {
    await expect(verify((await issue()).jws, { asked })).rejects.toMatchObject({ code: 'GRANT_INVALID' });
  });

  it('counts only with the signature of the holder that was asked', async () => {
    await expect(verify((await issue()).jws, { from: other })).rejects.toMatchObject({ code: 'GRANT_INVALID' });
  });

  it('counts with earlier keys of the holder that its DID still lists, and with no others', async () => {
    const { jws } = await issue();
    const rotated = (...earlier: Identity[]): Pick<Identity, 'resolved'> => {
      const acceptedSigning = [other, ...earlier].map(({ signer }) => signer.publicKeys);
      return { resolved: { ...holder.resolved, signing: other.signer.publicKeys, acceptedSigning } };
    };
    await expect(verify(jws, { from: rotated(holder) })).resolves.toBeDefined();
    await expect(verify(jws, { from: rotated() })).rejects.toMatchObject({ code: 'GRANT_INVALID' });
  });

  it('is opened with the recipient key that it names, a retired one too, until that key is destroyed', async () => {
    const { jws, terms } = await issue();
    const newer = { keyId: `${recipient.resolved.did}#recipient-2`, seed: generateRecipientSeed() };
    expect(terms.recipientKeyId).toBe(recipient.resolved.recipientKeyId);
    expect((await verify(jws, { keys: [newer, keyOf(recipient)] })).dataKeys).toHaveLength(versions.length);
    await expect(verify(jws, { keys: [newer] })).rejects.toMatchObject({ code: 'GRANT_KEY_DESTROYED', message: expect.stringContaining('destroyed') });
    await expect(verify(jws, { keys: [] })).rejects.toMatchObject({ code: 'GRANT_KEY_DESTROYED' });
  });

  it('cannot be read from its end on', async () => {
    const { jws } = await issue();
    await expect(verify(jws, { now: later(UNTIL, -1) })).resolves.toBeDefined();
    await expect(verify(jws, { now: UNTIL })).rejects.toMatchObject({ code: 'GRANT_EXPIRED' });
  });

  it('lasts no longer than grants may, whatever the holder signs', async () => {
    await expect(verify((await issue({ expiresAt: later(NOW, GRANT_LIFETIME_MILLISECONDS) })).jws)).resolves.toBeDefined();
    const longer = { expiresAt: later(NOW, GRANT_LIFETIME_MILLISECONDS + 1) };
    await expect(verify((await issue(longer)).jws)).rejects.toMatchObject({ code: 'GRANT_INVALID' });
    const ofTomorrow = { issuedAt: later(NOW, GRANT_LIFETIME_MILLISECONDS), expiresAt: later(NOW, 2 * GRANT_LIFETIME_MILLISECONDS) };
    await expect(verify((await issue(ofTomorrow)).jws)).rejects.toMatchObject({ code: 'GRANT_INVALID' });
  });

  it.each<[string, (payload: Payload) => void]>([
    ['a later end', (payload) => void (payload.terms.expiresAt = '2099-01-01T00:00:00.000Z')],
    ['a swapped version', (payload) => void payload.terms.versions.reverse()],
    ['another content id', (payload) => void (firstOf(payload).contentId = contentIdOf(Uint8Array.of(9)))],
    ['another version number', (payload) => void (firstOf(payload).versionNumber = 7)],
    ['another type', (payload) => void (firstOf(payload).resourceType = 'Condition')],
    ['a version less', (payload) => void payload.terms.versions.pop()],
    ['another member', (payload) => void (payload.terms.note = 'x')],
    ['no content id', (payload) => void (firstOf(payload).contentId = 'x')],
    ['another sealed key', (payload) => void (payload.sealedGrantKey = Buffer.alloc(1168).toString('base64url'))],
  ])('does not open with %s, even if it is signed anew', async (_name, change) => {
    await expect(verify(await resigned((await issue()).jws, change))).rejects.toMatchObject({ code: 'GRANT_INVALID' });
  });

  it('does not open for a key that was not sealed to it, though signed by the holder', async () => {
    const stranger = { ...recipient, resolved: { ...recipient.resolved, recipientPublicKey: await recipientPublicKey(generateRecipientSeed()) } };
    await expect(verify((await issue({ recipient: stranger })).jws)).rejects.toMatchObject({ code: 'GRANT_INVALID' });
  });

  it('is refused whatever else comes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.anything(), async (anything) => {
        await expect(verify(anything)).rejects.toMatchObject({ code: 'GRANT_INVALID' });
      }),
      { numRuns: 50 },
    );
    await expect(openGrant(new TextEncoder().encode('{"terms":'), [keyOf(recipient)])).rejects.toMatchObject({ code: 'GRANT_INVALID' });
  });

  it('names no more versions than fit', async () => {
    const many = Array.from({ length: MAX_GRANT_VERSIONS + 1 }, () => version(1));
    await expect(issue({ versions: many })).rejects.toMatchObject({ code: 'TOO_MANY_RECORDS' });
  });
});

function keyOf({ resolved, recipientSeed }: Identity): RecipientKey {
  return { keyId: resolved.recipientKeyId, seed: recipientSeed };
}

function firstOf({ terms }: Payload): Record<string, unknown> {
  return known(terms.versions[0]);
}

function version(seed: number): ReleasableVersion {
  return {
    recordId: newId(),
    versionNumber: seed,
    resourceType: 'Observation',
    contentId: contentIdOf(Uint8Array.of(seed)),
    dataKey: randomKey(),
    lastUpdated: NOW,
  };
}

function hex(value: Uint8Array): string {
  return Buffer.from(value).toString('hex');
}
