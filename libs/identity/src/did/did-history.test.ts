import { describe, expect, it } from '@jest/globals';
import { hybridSigner, randomKey, recipientPublicKey } from '@carecord/crypto';
import fc from 'fast-check';
import { IdentityError } from '../identity-error.ts';
import { CLOCK_SKEW_MILLISECONDS, MAX_DID_HISTORY_BYTES } from '../limits.ts';
import { COSIGNING_MEMBER } from './did-cosignature.ts';
import { parseHistory } from './did-entries.ts';
import { resolveDidHistory, verifyDidWebvh } from './did-history.ts';
import { newDidKeys } from './did-keys.ts';
import { GENERAL_POLICY, MEMBER_POLICY } from './did-policy.ts';
import { entryAt, firstVersion, forged, nextVersion, NOW, resealed } from './did-versions.fixture.ts';

const resolve = (did: string, history: string, policy = MEMBER_POLICY, now = NOW): ReturnType<typeof resolveDidHistory> => resolveDidHistory(did, history, policy, now);
const refusal = { code: 'DID_LOG_INVALID' };

describe('resolveDidHistory', () => {
  it('reads the keys that were put in', async () => {
    const { did, history, keys } = await firstVersion();
    const resolved = await resolve(did, history);
    expect(did).toMatch(/^did:webvh:Qm[1-9A-HJ-NP-Za-km-z]{44}:a\.hospital\.example$/);
    expect(resolved).toMatchObject({
      did,
      versionNumber: 1,
      versionId: entryAt(history, 0).versionId,
      log: history,
      signingKeyIds: { ed25519: `${did}#ed25519-1`, mlDsa65: `${did}#ml-dsa-65-1` },
      recipientKeyId: `${did}#recipient-1`,
      services: [],
      updatedAt: new Date('2025-12-31T00:00:00Z'),
    });
    expect(resolved.signing).toEqual(hybridSigner(keys.signing).publicKeys);
    expect(resolved.acceptedSigning).toEqual([resolved.signing]);
    expect(resolved.recipientPublicKey).toEqual(await recipientPublicKey(keys.recipient.seed));
  });

  it('refuses the history of another DID', async () => {
    const [one, other] = [await firstVersion(), await firstVersion()];
    await expect(resolve(one.did, other.history)).rejects.toMatchObject(refusal);
    await expect(resolve(one.did.replace('a.hospital', 'b.hospital'), one.history)).rejects.toMatchObject(refusal);
    await expect(resolve('did:web:a.hospital.example', one.history)).rejects.toMatchObject(refusal);
  });

  it('refuses what is no history, or larger than the limit', async () => {
    const { did, history } = await firstVersion();
    const witnessesAlone = '{"witnessProofs":[]}';
    for (const wrong of ['', '\n', 'null', '[]', '{}', 'not json', witnessesAlone, `${witnessesAlone}\n${history}`, history.slice(0, -20), `${history}\n{}`, history.replace('"state"', '"stat"')]) {
      await expect(resolve(did, wrong)).rejects.toMatchObject(refusal);
    }
    await expect(resolve(did, `${history}${'{}\n'.repeat(600)}`)).rejects.toMatchObject(refusal);
    await expect(resolve(did, history + ' '.repeat(MAX_DID_HISTORY_BYTES))).rejects.toMatchObject(refusal);
    await expect(resolve(did, history.replace('"state":{', `"state":{"a":${'['.repeat(100_000)}${']'.repeat(100_000)},`))).rejects.toMatchObject(refusal);
  });

  it('refuses another text of the same history, which suffices for plain did:webvh', async () => {
    const { did, history } = await nextVersion(await firstVersion());
    const reordered = history.split('\n').filter((line) => line !== '').map((line) => JSON.stringify(Object.fromEntries(Object.entries(JSON.parse(line) as object).reverse())));
    const texts = [history.trimEnd(), `${history}\n`, history.replaceAll('":', '": '), history.replace('versionId', 'version\\u0049d'), `${reordered.join('\n')}\n`];
    for (const text of texts) {
      await expect(resolve(did, text)).rejects.toMatchObject(refusal);
      await expect(resolve(did, text, GENERAL_POLICY)).resolves.toMatchObject({ did, versionNumber: 2 });
    }
    await expect(resolve(did, history)).resolves.toMatchObject({ versionNumber: 2 });
  });

  it('refuses a changed key, proof, hash or version id', async () => {
    const [{ did, history }, other] = [await firstVersion(), await firstVersion()];
    const { versionId } = entryAt(history, 0);
    const otherProof = entryAt(other.history, 0).proof;
    await expect(resolve(did, history.replace(/"pub":"[A-Za-z0-9]{4}/, '"pub":"AAAA'))).rejects.toMatchObject(refusal);
    await expect(resolve(did, forged(history, 0, ({ entry, ...rest }) => ({ ...rest, entry: { ...entry, proof: otherProof } })))).rejects.toMatchObject(refusal);
    await expect(resolve(did, history.replace('eddsa-jcs-2022', 'eddsa-rdfc-2022'))).rejects.toMatchObject(refusal);
    await expect(resolve(did, history.replaceAll(versionId, '1-QmUpKUeZtsguSotqSNDAkEJffjRZdMKFJnQH24aCqyUjiW'))).rejects.toMatchObject(refusal);
    await expect(resolve(did, history.replace('"state":{', '"state":{"__proto__":{"service":[]},'))).rejects.toMatchObject(refusal);
  });

  it('refuses a later version without proof, with an empty list of proofs, or proven by a key that was not committed', async () => {
    const second = await nextVersion(await firstVersion());
    await expect(resolve(second.did, second.history)).resolves.toMatchObject({ versionNumber: 2 });
    const [first = '', last = ''] = second.history.split('\n');
    const { proof: _, ...unproven } = JSON.parse(last) as Record<string, unknown>;
    for (const wrong of [unproven, { ...unproven, proof: [] }, { ...unproven, proof: parseHistory(second.history).cosigned[1]?.cosignature }]) {
      await expect(resolve(second.did, `${first}\n${JSON.stringify(wrong)}`)).rejects.toMatchObject(refusal);
    }
    const stranger = await resealed(second, (content) => content, { ...second.keys, update: randomKey() });
    await expect(resolve(second.did, stranger.history)).rejects.toMatchObject(refusal);
  });

  it('refuses a version that was left out of the middle', async () => {
    const third = await nextVersion(await nextVersion(await firstVersion()));
    const [first, , last] = third.history.split('\n');
    await expect(resolve(third.did, `${first}\n${last}\n`)).rejects.toMatchObject(refusal);
  });

  it('remembers what it verified, and yet looks at the clock each time', async () => {
    const { did, history } = await firstVersion();
    const resolved = await resolve(did, history);
    expect(await resolve(did, history)).toBe(resolved);
    expect(await resolve(did, history, GENERAL_POLICY)).not.toBe(resolved);
    await expect(resolve(did, history, MEMBER_POLICY, new Date('2025-12-30T00:00:00Z'))).rejects.toMatchObject({ code: 'DID_TIME_INVALID' });
  });

  it('refuses any history with a bit flipped, or reads the same from it', async () => {
    const { did, history, resolved } = await nextVersion(await firstVersion());
    const bytes = Buffer.from(history, 'utf8');
    const { log: _, ...expected } = resolved;
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(7), async (at, bit) => {
        const flipped = Buffer.from(bytes);
        flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
        const outcome = await resolve(did, flipped.toString('utf8')).catch((error: unknown) => error);
        if (outcome instanceof IdentityError) return;
        expect(outcome).toMatchObject(expected);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the document', () => {
  type State = Record<string, unknown>;
  type Method = Record<string, unknown> & { id: string };
  const methods = (state: State): Method[] => state.verificationMethod as Method[];

  it.each<[string, (state: State) => State]>([
    ['the Ed25519 key', (state) => ({ ...state, verificationMethod: methods(state).slice(1) })],
    ['the ML-DSA-65 key', (state) => ({ ...state, verificationMethod: methods(state).filter((_, at) => at !== 1) })],
    ['the key to seal to', (state) => ({ ...state, keyAgreement: [] })],
    ['the right to authenticate', (state) => ({ ...state, authentication: [] })],
    ['the right to authenticate with both keys', (state) => ({ ...state, authentication: (state.authentication as string[]).slice(1) })],
    ['its keys in pairs', (state) => ({ ...state, assertionMethod: (state.assertionMethod as string[]).slice(1) })],
    ['each id once', (state) => ({ ...state, verificationMethod: [...methods(state), ...methods(state)] })],
    ['numbers in its keys', (state) => JSON.parse(JSON.stringify(state).replaceAll('#recipient-1', '#recipient')) as State],
    ['keys of its own', (state) => ({ ...state, verificationMethod: methods(state).map((method) => ({ ...method, controller: 'did:example:b' })) })],
    ['services with an endpoint', (state) => ({ ...state, service: [{ id: '#a', type: 'FhirBase', serviceEndpoint: '' }] })],
    [
      'a key of the right length',
      (state) => ({ ...state, verificationMethod: methods(state).map((method) => (method.id.includes('#ml-dsa-65') ? { ...method, publicKeyJwk: { kty: 'AKP', alg: 'ML-DSA-65', pub: 'AAAA' } } : method)) }),
    ],
  ])('is refused, however well proven, without %s', async (_what, change) => {
    const version = await firstVersion();
    const intact = await resealed(version, (content) => content);
    await expect(resolve(intact.did, intact.history)).resolves.toMatchObject({ did: intact.did });
    const changed = await resealed(version, (content) => ({ ...content, state: change(content.state) as typeof content.state }));
    await expect(resolve(changed.did, changed.history)).rejects.toMatchObject(refusal);
    await expect(verifyDidWebvh(changed.did, changed.history, NOW)).resolves.toMatchObject({ did: changed.did });
  });
});

describe('the time of a version', () => {
  const at = (versionTime: string): Parameters<typeof resealed>[1] => (content) => ({ ...content, versionTime });

  it('is after that of the version before', async () => {
    const second = await nextVersion(await firstVersion());
    const allowed = await resealed(second, at('2025-12-31T00:00:01Z'));
    await expect(resolve(allowed.did, allowed.history)).resolves.toMatchObject({ updatedAt: new Date('2025-12-31T00:00:01Z') });
    for (const wrong of ['2025-12-31T00:00:00Z', '2025-12-30T23:59:59Z', 'yesterday', '']) {
      const backdated = await resealed(second, at(wrong));
      await expect(resolve(backdated.did, backdated.history)).rejects.toMatchObject({ code: 'DID_TIME_INVALID' });
      await expect(resolve(backdated.did, backdated.history, GENERAL_POLICY)).rejects.toMatchObject({ code: 'DID_TIME_INVALID' });
    }
  });

  it('is not in the future, but for what clocks may differ', async () => {
    const second = await nextVersion(await firstVersion());
    const moment = new Date('2025-12-31T02:00:00Z');
    const { did, history } = await resealed(second, at('2025-12-31T02:00:00Z'));
    const early = new Date(moment.getTime() - CLOCK_SKEW_MILLISECONDS);
    await expect(resolve(did, history, MEMBER_POLICY, new Date(early.getTime() - 1))).rejects.toMatchObject({ code: 'DID_TIME_INVALID' });
    await expect(resolve(did, history, MEMBER_POLICY, early)).resolves.toMatchObject({ versionNumber: 2 });
  });
});

describe('pre-rotation', () => {
  it.each<[string, Parameters<typeof resealed>[1]]>([
    ['commits nothing', ({ parameters, ...content }) => ({ ...content, parameters: { ...parameters, nextKeyHashes: [] } })],
    ['leaves the commitment out', ({ parameters: { nextKeyHashes: _, ...parameters }, ...content }) => ({ ...content, parameters })],
  ])('is missing in a version that %s, which suffices for plain did:webvh', async (_what, change) => {
    const first = await firstVersion();
    for (const version of [first, await nextVersion(first)]) {
      const { did, history } = await resealed(version, change);
      await expect(resolve(did, history)).rejects.toMatchObject({ code: 'DID_PRE_ROTATION_MISSING' });
      await expect(resolve(did, history, GENERAL_POLICY)).resolves.toMatchObject({ did });
    }
  });

  it('refuses update keys that were not committed, or none', async () => {
    const second = await nextVersion(await firstVersion());
    const stranger = newDidKeys();
    const { parameters: foreign } = entryAt((await firstVersion()).history, 0);
    const own = await resealed(second, ({ parameters, ...content }) => ({ ...content, parameters: { ...parameters, updateKeys: foreign.updateKeys } }), { ...second.keys, update: stranger.update });
    await expect(resolve(own.did, own.history)).rejects.toMatchObject(refusal);
    const none = await resealed(second, ({ parameters: { updateKeys: _, ...parameters }, ...content }) => ({ ...content, parameters }));
    await expect(resolve(none.did, none.history)).rejects.toMatchObject({ code: 'DID_PRE_ROTATION_MISSING' });
    await expect(resolve(none.did, none.history, GENERAL_POLICY)).rejects.toMatchObject(refusal);
  });
});

describe('the cosignature', () => {
  it.each([0, 1])('is not to be missing after %d versions, which suffices for plain did:webvh', async (at) => {
    const { did, history, resolved } = await nextVersion(await firstVersion());
    const stripped = forged(history, at, ({ entry }) => ({ entry, cosignature: undefined }));
    await expect(resolve(did, stripped)).rejects.toMatchObject({ code: 'DID_COSIGNATURE_MISSING' });
    await expect(resolve(did, stripped, GENERAL_POLICY)).resolves.toEqual({ ...resolved, log: stripped });
  });

  it('is refused by a key that was not committed', async () => {
    const first = await firstVersion();
    for (const version of [first, await nextVersion(first)]) {
      const { did, history } = await resealed(version, (content) => content, { ...version.keys, cosigning: randomKey() });
      await expect(resolve(did, history)).rejects.toMatchObject({ code: 'DID_COSIGNATURE_INVALID' });
      await expect(resolve(did, history, GENERAL_POLICY)).resolves.toMatchObject({ did });
    }
  });

  it('is refused over another entry', async () => {
    const first = await firstVersion();
    const second = await nextVersion(first);
    const swapped = await resealed(second, ({ state, ...content }) => ({ ...content, state: { ...state, service: [] } }));
    const [, cosignedOtherwise] = parseHistory(second.history).cosigned;
    const { cosignature: ours } = parseHistory(second.history).cosigned[0] ?? {};
    await expect(resolve(swapped.did, swapped.history)).resolves.toMatchObject({ versionNumber: 2 });
    const changed = await resealed(second, (content) => ({ ...content, versionTime: '2025-12-31T00:30:00Z' }));
    for (const cosignature of [cosignedOtherwise?.cosignature, ours]) {
      const transplanted = forged(changed.history, 1, ({ entry }) => ({ entry, cosignature }));
      await expect(resolve(changed.did, transplanted)).rejects.toMatchObject({ code: 'DID_COSIGNATURE_INVALID' });
    }
  });

  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'DID_COSIGNATURE_MISSING'],
    ['the same key again', ({ key }: { key: string }) => ({ key, nextKey: key }), 'DID_COSIGNATURE_INVALID'],
    ['a key that the version before did not commit', ({ nextKey }: { nextKey: string }) => ({ key: 'QmNobody', nextKey }), 'DID_COSIGNATURE_INVALID'],
  ])('is refused where the document commits %s', async (_what, change, code) => {
    const second = await nextVersion(await firstVersion());
    const { did, history } = await resealed(second, ({ state, ...content }) => {
      const { [COSIGNING_MEMBER]: commitment, ...rest } = state;
      return { ...content, state: typeof change === 'function' ? { ...rest, [COSIGNING_MEMBER]: (change as (one: unknown) => unknown)(commitment) } : rest };
    });
    await expect(resolve(did, history)).rejects.toMatchObject({ code });
  });

  it('stands once', async () => {
    const { did, history } = await firstVersion();
    const entry = JSON.parse(history) as { proof: unknown[] };
    await expect(resolve(did, JSON.stringify({ ...entry, proof: [...entry.proof, entry.proof.at(-1)] }))).rejects.toMatchObject(refusal);
  });
});

describe('a DID that its owner ended', () => {
  it('has no keys any more', async () => {
    const second = await nextVersion(await firstVersion());
    const { did, history } = await resealed(second, ({ parameters, ...content }) => ({ ...content, parameters: { ...parameters, nextKeyHashes: [], deactivated: true } }));
    await expect(resolve(did, history)).rejects.toMatchObject({ code: 'DID_DEACTIVATED' });
    await expect(verifyDidWebvh(did, history, NOW)).resolves.toMatchObject({ deactivated: true, document: undefined, versionNumber: 2 });
  });
});
