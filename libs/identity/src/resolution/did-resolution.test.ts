import { beforeAll, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@carecord/testkit';
import { publishedFiles } from '../did/did-files.ts';
import type { DidSource } from '../did/did-histories.ts';
import { resolveDidHistory } from '../did/did-history.ts';
import { newDidKeys, nextDidKeys } from '../did/did-keys.ts';
import type { DidKeys } from '../did/did-keys.ts';
import { aliasDocument, didWebOf } from '../did/did-web-alias.ts';
import { createHospitalDid, rotateHospitalDid } from '../did/hospital-did.ts';
import { DidResolution } from './did-resolution.ts';
import type { MemberDids } from './ports.ts';

const clock = new ManualClock(new Date('2026-11-01T00:00:00Z'));
const DOMAIN = 'a.hospital.example';
const BASE = `https://${DOMAIN}/.well-known`;
let keys: DidKeys;
let did: string;
let history: string;
let later: string;

beforeAll(async () => {
  keys = newDidKeys();
  ({ did, history } = await createHospitalDid({ domain: DOMAIN, keys, clock }));
  clock.advance(60_000);
  const current = await resolveDidHistory(did, history, undefined, clock.now());
  ({ history: later } = await rotateHospitalDid({ current, keys: nextDidKeys(keys), keepPrevious: true, clock }));
});

/** Files on the web, and who asked for which. */
class Web {
  readonly asked: string[] = [];

  constructor(readonly files: Map<string, string>) {}

  get(url: string, { maxBytes }: { maxBytes: number }): Promise<{ status: number; body: Uint8Array }> {
    this.asked.push(url);
    const text = this.files.get(url);
    if (text === 'unreachable') return Promise.reject(new Error('ECONNREFUSED'));
    if (text !== undefined && text.length > maxBytes) return Promise.reject(new Error('too large'));
    return Promise.resolve({ status: text === undefined ? 404 : 200, body: Buffer.from(text ?? 'nothing here') });
  }
}

function published(text: string, more: Readonly<Record<string, string>> = {}): Web {
  const { log, cosignatures } = publishedFiles(text);
  return new Web(new Map([[`${BASE}/did.jsonl`, log], [`${BASE}/did-cosignatures.json`, cosignatures], ...Object.entries(more)]));
}

const on = (web: Web, more: { members?: MemberDids; source?: DidSource } = {}): DidResolution => new DidResolution({ fetcher: web, clock, ...more });
const failure = (error: string): object => ({ didDocument: null, didDocumentMetadata: {}, didResolutionMetadata: { error } });

describe('did:webvh', () => {
  it('is resolved from the place that it names, its newest version', async () => {
    const web = published(later);
    const result = await on(web).resolve(did);
    expect(result).toMatchObject({
      didDocument: { id: did, verificationMethod: expect.arrayContaining([expect.objectContaining({ id: `${did}#ed25519-2` })]) },
      didDocumentMetadata: { versionNumber: 2, versionId: expect.stringMatching(/^2-Qm/), updated: '2026-11-01T00:01:00Z', created: '2026-11-01T00:00:00Z', scid: did.split(':')[2] },
      didResolutionMetadata: { contentType: 'application/did+ld+json' },
    });
    expect(web.asked.sort()).toEqual([`${BASE}/did-cosignatures.json`, `${BASE}/did-witness.json`, `${BASE}/did.jsonl`]);
  });

  it('is not found where there is nothing, or nobody answers', async () => {
    await expect(on(new Web(new Map())).resolve(did)).resolves.toMatchObject(failure('notFound'));
    await expect(on(new Web(new Map([[`${BASE}/did.jsonl`, 'unreachable']]))).resolve(did)).resolves.toMatchObject(failure('notFound'));
  });

  it('is invalid where its history does not verify, or is of another DID', async () => {
    await expect(on(published(later.replace('"pub":"', '"pub":"A'))).resolve(did)).resolves.toMatchObject(failure('invalidDid'));
    await expect(on(published(history)).resolve((await createHospitalDid({ domain: DOMAIN, keys: newDidKeys(), clock })).did)).resolves.toMatchObject(failure('invalidDid'));
    await expect(on(new Web(new Map([[`${BASE}/did.jsonl`, '<html>']]))).resolve(did)).resolves.toMatchObject(failure('invalidDid'));
  });

  it('is never asked for at an address that it should not name', async () => {
    const web = published(history);
    const scid = did.split(':')[2] ?? '';
    for (const end of ['127.0.0.1', '127.0.0.1%3A80', '%31%32%37.0.0.1', 'a.example:..:admin', 'a.example:%2e%2e', 'a.example%3a80', 'user@a.example', '[::1]', '0x7f.1', '']) {
      await expect(on(web).resolve(`did:webvh:${scid}:${end}`)).resolves.toMatchObject(failure('invalidDid'));
    }
    expect(web.asked).toEqual([]);
  });

  it('of a member is taken from the network, not from the web, which may show an older one', async () => {
    const resolved = await resolveDidHistory(did, later, undefined, clock.now());
    const web = published(history);
    const members = { known: (asked: string) => Promise.resolve(asked === did ? resolved : undefined), resolve: () => Promise.resolve(resolved) };
    await expect(on(web, { members }).resolve(did)).resolves.toMatchObject({ didDocumentMetadata: { versionNumber: 2 } });
    expect(web.asked).toEqual([]);
    const strangers = { ...members, known: () => Promise.resolve(undefined) };
    await expect(on(web, { members: strangers }).resolve(did)).resolves.toMatchObject({ didDocumentMetadata: { versionNumber: 1 } });
  });
});

describe('did:web', () => {
  const alias = `did:web:${DOMAIN}`;
  const aliased = async (): Promise<Web> => {
    const { didDocument } = await on(published(later)).resolve(did);
    return published(later, { [`${BASE}/did.json`]: JSON.stringify(aliasDocument(did, didDocument as object as Record<string, unknown>)) });
  };

  it('as an alias of ours has the same keys, and names the other', async () => {
    expect(didWebOf(did)).toBe(alias);
    const result = await on(await aliased()).resolve(alias);
    expect(result).toMatchObject({ didDocument: { id: alias, alsoKnownAs: [did] }, didResolutionMetadata: { contentType: 'application/did+ld+json' } });
    expect(result.didDocument?.verificationMethod?.map(({ id }) => id)).toContain(`${alias}#ml-dsa-65-2`);
  });

  it('is invalid when its keys are not those of the did:webvh that it names', async () => {
    const web = await aliased();
    const document = JSON.parse(web.files.get(`${BASE}/did.json`) ?? '') as { verificationMethod: { publicKeyMultibase: string }[]; authentication: string[] };
    const changes = [
      { ...document, verificationMethod: document.verificationMethod.slice(1) },
      { ...document, authentication: [] },
      { ...document, verificationMethod: document.verificationMethod.map((method, at) => (at === 0 ? { ...method, publicKeyMultibase: 'z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK' } : method)) },
      { ...document, alsoKnownAs: [did, did.replace(DOMAIN, 'b.example')] },
    ];
    for (const changed of changes) {
      web.files.set(`${BASE}/did.json`, JSON.stringify(changed));
      await expect(on(web).resolve(alias)).resolves.toMatchObject(failure('invalidDid'));
    }
    web.files.set(`${BASE}/did.json`, JSON.stringify(document));
    await expect(on(web).resolve(alias)).resolves.toMatchObject({ didDocument: { id: alias } });
    web.files.delete(`${BASE}/did.jsonl`);
    await expect(on(web).resolve(alias)).resolves.toMatchObject(failure('notFound'));
  });

  it('of a stranger is what its web server says', async () => {
    const document = { id: 'did:web:b.example%3A8443:people:1', verificationMethod: [{ id: '#1', type: 'Multikey', controller: 'did:web:b.example', publicKeyMultibase: 'z6Mk' }] };
    const web = new Web(new Map([['https://b.example:8443/people/1/did.json', JSON.stringify(document)]]));
    await expect(on(web).resolve(document.id)).resolves.toEqual({ didDocument: document, didDocumentMetadata: {}, didResolutionMetadata: { contentType: 'application/did+json' } });
  });

  it('is invalid when the document is of another DID, or none', async () => {
    for (const text of [JSON.stringify({ id: 'did:web:c.example' }), 'no json', '[]', '{"id":"did:web:b.example","verificationMethod":{}}', '{"__proto__":{},"id":"did:web:b.example"}', `{"id":"did:web:b.example","x":${'['.repeat(100)}${']'.repeat(100)}}`, `{"id":"did:web:b.example","x":${'['.repeat(60_000)}${']'.repeat(60_000)}}`]) {
      const web = new Web(new Map([['https://b.example/.well-known/did.json', text]]));
      await expect(on(web).resolve('did:web:b.example')).resolves.toMatchObject(failure('invalidDid'));
    }
  });

  it('is invalid for an address that it should not name', async () => {
    const web = new Web(new Map());
    for (const end of ['127.0.0.1', '169.254.169.254', 'localhost%3a80', 'a.example:..:b']) await expect(on(web).resolve(`did:web:${end}`)).resolves.toMatchObject(failure('invalidDid'));
    expect(web.asked).toEqual([]);
  });
});

describe('the resolver', () => {
  it('says what it does not do', async () => {
    const resolution = on(new Web(new Map()));
    for (const wrong of ['', 'did', 'did:web', 'did:WEB:a.example', `${did}#ed25519-1`, `${did}?versionId=1`, `did:key:${'z'.repeat(4_000)}`, 'did:web:a b']) {
      await expect(resolution.resolve(wrong)).resolves.toMatchObject(failure('invalidDid'));
    }
    await expect(resolution.resolve('did:example:1')).resolves.toMatchObject(failure('methodNotSupported'));
    await expect(resolution.resolve(did, { accept: 'application/did+cbor' })).resolves.toMatchObject(failure('representationNotSupported'));
  });

  it('resolves did:key without asking anybody', async () => {
    const web = new Web(new Map());
    const key = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK';
    await expect(on(web).resolve(key, { accept: 'application/did+json, */*' })).resolves.toMatchObject({ didDocument: { id: key }, didResolutionMetadata: { contentType: 'application/did+ld+json' } });
    await expect(on(web).resolve('did:key:z6Mk')).resolves.toMatchObject(failure('invalidDid'));
    expect(web.asked).toEqual([]);
  });

  it('remembers what it found for five minutes, and what it did not find for half a minute', async () => {
    const web = published(later);
    const resolution = on(web);
    await resolution.resolve(did);
    await resolution.resolve(did);
    expect(web.asked).toHaveLength(3);
    clock.advance(5 * 60_000);
    await resolution.resolve(did);
    expect(web.asked).toHaveLength(6);
    await resolution.resolve('did:web:nowhere.example');
    await resolution.resolve('did:web:nowhere.example');
    expect(web.asked).toHaveLength(7);
    clock.advance(30_000);
    await resolution.resolve('did:web:nowhere.example');
    expect(web.asked).toHaveLength(8);
  });

  it('resolves a DID that is asked for twice at once a single time, and not too many at once', async () => {
    const web = published(later);
    const resolution = on(web);
    const [one, two] = await Promise.all([resolution.resolve(did), resolution.resolve(did)]);
    expect(one).toBe(two);
    expect(web.asked).toHaveLength(3);
    const stuck = new DidResolution({ fetcher: { get: () => new Promise(() => undefined) }, clock });
    for (let count = 0; count < 32; count += 1) void stuck.resolve(`did:web:h${count}.example`);
    await expect(stuck.resolve('did:web:h32.example')).resolves.toMatchObject(failure('internalError'));
  });
});
