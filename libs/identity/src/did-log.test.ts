import { describe, expect, it } from '@jest/globals';
import { systemClock } from '@carecord/core';
import { ed25519PublicKey, hybridSigner, recipientPublicKey, signEd25519 } from '@carecord/crypto';
import { createDID, deactivateDID, multibaseEncode, MultibaseEncoding, prepareDataForSigning, updateDID } from 'didwebvh-ts';
import type { DIDDoc, DIDLogEntry, Signer } from 'didwebvh-ts';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { ed25519Multikey, hospitalDocument } from './did-document.ts';
import { proofVerifier, resolveDidLog, verifyHistory } from './did-log.ts';
import { createHospitalDid } from './hospital-did.ts';
import { generateHospitalKeySeeds } from './key-seeds.ts';
import { MAX_DID_LOG_BYTES } from './limits.ts';

const refusal = { code: 'DID_LOG_INVALID' };
const seeds = generateHospitalKeySeeds();
const domain = 'a.hospital.example';

/** The library's signer for an update key of a test's choice. */
function signerOf(seed: Uint8Array): Signer {
  const key = ed25519Multikey(ed25519PublicKey(seed));
  return {
    getVerificationMethodId: () => `did:key:${key}#${key}`,
    sign: async ({ document, proof }) => ({
      proofValue: multibaseEncode(signEd25519(seed, await prepareDataForSigning(document, proof)), MultibaseEncoding.BASE58_BTC),
    }),
  };
}

const text = (log: readonly unknown[]): string => log.map((entry) => JSON.stringify(entry)).join('\n');
const entriesOf = (log: string): DIDLogEntry[] => log.trimEnd().split('\n').map((line) => JSON.parse(line) as DIDLogEntry);

/** A properly proven DID whose document a test has changed. */
async function createWith(change: (document: DIDDoc) => DIDDoc): Promise<{ did: string; log: string }> {
  const document = hospitalDocument(`did:webvh:{SCID}:${domain}`, hybridSigner(seeds.signing).publicKeys, await recipientPublicKey(seeds.recipient));
  const { did, log } = await createDID({
    domain,
    signer: signerOf(seeds.update),
    verifier: proofVerifier,
    updateKeys: [ed25519Multikey(ed25519PublicKey(seeds.update))],
    didDocument: change(document),
    created: '2026-01-01T00:00:00Z',
  });
  return { did, log: text(log) };
}

describe('createHospitalDid and resolveDidLog', () => {
  it('make a DID that resolves to its keys', async () => {
    const created = await createHospitalDid({ domain, seeds, clock: systemClock });
    expect(created.did).toMatch(/^did:webvh:Qm[1-9A-HJ-NP-Za-km-z]{44}:a\.hospital\.example$/);
    expect(created).toMatchObject({ versionNumber: 1, signingKeyIds: { ed25519: `${created.did}#ed25519`, mlDsa65: `${created.did}#ml-dsa-65` } });
    expect(created.signing).toEqual(hybridSigner(seeds.signing).publicKeys);
    expect(created.recipientPublicKey).toEqual(await recipientPublicKey(seeds.recipient));
    expect(await resolveDidLog(created.did, created.log)).toEqual(created);
  });

  it.each(['a.hospital.example:3000', 'a.hospital.example%3A3000', 'A.hospital.example', 'hospital', '127.0.0.1', 'a.example/path', '', 'a..example'])(
    'refuse the domain "%s"',
    async (wrong) => {
      await expect(createHospitalDid({ domain: wrong, seeds, clock: systemClock })).rejects.toMatchObject({ code: 'DID_DOMAIN_INVALID' });
    },
  );

  it('refuse the history of another DID', async () => {
    const one = await createHospitalDid({ domain, seeds, clock: systemClock });
    const other = await createHospitalDid({ domain, seeds: generateHospitalKeySeeds(), clock: systemClock });
    await expect(resolveDidLog(one.did, other.log)).rejects.toMatchObject(refusal);
    await expect(resolveDidLog(one.did.replace('a.hospital', 'b.hospital'), one.log)).rejects.toMatchObject(refusal);
    await expect(resolveDidLog('did:web:a.hospital.example', one.log)).rejects.toMatchObject(refusal);
  });

  it('refuse what is no history, or larger than the limit', async () => {
    const { did, log } = await createHospitalDid({ domain, seeds, clock: systemClock });
    for (const wrong of ['', '\n', 'null', '[]', '{}', 'not json', log.slice(0, -20), `${log}\n{}`, log.replace('"state"', '"stat"')]) {
      await expect(resolveDidLog(did, wrong)).rejects.toMatchObject(refusal);
    }
    await expect(resolveDidLog(did, log + ' '.repeat(MAX_DID_LOG_BYTES))).rejects.toMatchObject(refusal);
  });

  it('refuse a changed key, proof, hash or version id', async () => {
    const { did, log, versionId } = await createHospitalDid({ domain, seeds, clock: systemClock });
    const [entry] = entriesOf(log) as [DIDLogEntry];
    const [proof] = entry.proof as [Record<string, unknown>];
    const other = await createHospitalDid({ domain, seeds: generateHospitalKeySeeds(), clock: systemClock });
    const [otherEntry] = entriesOf(other.log) as [DIDLogEntry];
    await expect(resolveDidLog(did, log.replace(/"pub":"[A-Za-z0-9]{4}/, '"pub":"AAAA'))).rejects.toMatchObject(refusal);
    await expect(resolveDidLog(did, text([{ ...entry, proof: otherEntry.proof }]))).rejects.toMatchObject(refusal);
    await expect(resolveDidLog(did, text([{ ...entry, proof: [{ ...proof, cryptosuite: 'eddsa-rdfc-2022' }] }]))).rejects.toMatchObject(refusal);
    await expect(resolveDidLog(did, log.replaceAll(versionId, '1-QmUpKUeZtsguSotqSNDAkEJffjRZdMKFJnQH24aCqyUjiW'))).rejects.toMatchObject(refusal);
    await expect(resolveDidLog(did, log.replace('"state":{', '"state":{"__proto__":{"service":[]},'))).rejects.toMatchObject(refusal);
  });

  it.each<[string, (document: DIDDoc) => DIDDoc]>([
    ['the Ed25519 key', (document) => ({ ...document, verificationMethod: document.verificationMethod.slice(1) })],
    ['the ML-DSA-65 key', (document) => ({ ...document, verificationMethod: document.verificationMethod.filter((_, at) => at !== 1) })],
    ['the key to seal to', (document) => ({ ...document, keyAgreement: [] })],
    ['the right to authenticate', (document) => ({ ...document, authentication: document.authentication.slice(1) })],
    ['one key of each kind alone', (document) => ({ ...document, verificationMethod: [...document.verificationMethod, ...document.verificationMethod] })],
    [
      'a key of the right length',
      (document) => ({
        ...document,
        verificationMethod: document.verificationMethod.map((method) =>
          method.id.endsWith('#ml-dsa-65') ? { ...method, publicKeyJwk: { ...method.publicKeyJwk, pub: 'AAAA' } } : method,
        ),
      }),
    ],
    ['keys of its own', (document) => ({ ...document, verificationMethod: document.verificationMethod.map((method) => ({ ...method, controller: 'did:example:b' })) })],
  ])('refuse a well-proven document without %s', async (_what, change) => {
    const intact = await createWith((document) => document);
    await expect(resolveDidLog(intact.did, intact.log)).resolves.toMatchObject({ did: intact.did });
    const { did, log } = await createWith(change);
    await expect(resolveDidLog(did, log)).rejects.toMatchObject(refusal);
  });
});

describe('later versions', () => {
  const signer = signerOf(seeds.update);

  it('resolve when the update key proves them, and say which version it is', async () => {
    const { did, log } = await createWith((document) => document);
    const updated = await updateDID({ log: entriesOf(log), signer, verifier: proofVerifier });
    const resolved = await resolveDidLog(did, text(updated.log));
    expect(resolved).toMatchObject({ did, versionNumber: 2, versionId: updated.log[1]?.versionId });
  });

  it('are refused without proof, with an empty list of proofs, or with the proof of another key', async () => {
    const { did, log } = await createWith((document) => document);
    const { log: history } = await updateDID({ log: entriesOf(log), signer, verifier: proofVerifier });
    const [first, second] = history as [DIDLogEntry, DIDLogEntry];
    const unproven = { ...second, proof: undefined };
    const stranger = signerOf(generateHospitalKeySeeds().update);
    const options = { ...second.proof?.[0], proofValue: undefined, verificationMethod: stranger.getVerificationMethodId() };
    const forged = { ...options, ...(await stranger.sign({ document: unproven, proof: options })) };
    for (const wrong of [unproven, { ...unproven, proof: [] }, { ...unproven, proof: [forged] }]) {
      await expect(resolveDidLog(did, text([first, wrong]))).rejects.toMatchObject(refusal);
    }
  });

  it('that deactivate the DID end it', async () => {
    const { did, log } = await createWith((document) => document);
    const deactivated = await deactivateDID({ log: entriesOf(log), signer, verifier: proofVerifier });
    await expect(resolveDidLog(did, text(deactivated.log))).rejects.toMatchObject(refusal);
  });
});

/** The vectors of the did:webvh test suite, beside the repository; they are not copied into it. */
const folder = new URL('../../../../shared/data/did-webvh/', import.meta.url);
const present = existsSync(folder);
if (!present) process.stderr.write('Skipped: the did:webvh vectors are not beside this repository (shared/data/did-webvh).\n');

(present ? describe : describe.skip)('did:webvh test suite', () => {
  const subfolders = (path: string): string[] =>
    readdirSync(new URL(path, folder), { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
  const read = (...path: string[]): string => readFileSync(new URL(path.join('/'), folder), 'utf8');
  // Five vectors are about the address that a DID's history is fetched from and have an empty history; we fetch none.
  const cases = present
    ? subfolders('./')
        .flatMap((name) => subfolders(`${name}/`).map((implementation) => [name, implementation] as const))
        .filter(([name, implementation]) => read(name, implementation, 'did.jsonl').trim() !== '')
    : [];

  it.each(cases)('%s by %s', async (name, implementation) => {
    const log = read(name, implementation, 'did.jsonl');
    const history = verifyHistory(String(entriesOf(log).at(-1)?.state.id), log);
    // Witnesses come later: until then a history that demands them is refused, and a deactivated DID is none.
    if (name.startsWith('negative-') || name.startsWith('witness-') || name === 'deactivate') {
      await expect(history).rejects.toThrow();
      return;
    }
    const { didDocumentMetadata } = JSON.parse(read(name, implementation, 'resolutionResult.json')) as { didDocumentMetadata: { versionId: string } };
    expect((await history).versionId).toBe(didDocumentMetadata.versionId);
  });
});
