import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { base64url, CompactSign, compactVerify, exportJWK, generateKeyPair, importJWK } from 'jose';
import { type RunningCommand, startCommand } from '../support/cli.ts';

/** Verifiable Credentials Data Model 2.0 as its test suite asks: each statement with what keeps and what breaks it. */
const V2 = 'https://www.w3.org/ns/credentials/v2';
const ENVELOPE = 'data:application/vc+jwt,';
const DAY = 24 * 60 * 60_000;

let command: RunningCommand;
let url: string;
let issuers: readonly { readonly did: string; readonly algorithm: string }[];
let issuer: string;

beforeAll(async () => {
  command = startCommand(['vc-api']);
  const ready = JSON.parse(await command.line((line) => line.includes('"ready"'))) as { url: string; issuers: typeof issuers };
  ({ url, issuers } = ready);
  issuer = issuers[0]?.did ?? '';
}, 60_000);
afterAll(async () => {
  command.child.kill('SIGTERM');
  expect(await command.exited).toBe(0);
});

interface Problem {
  readonly type: string;
  readonly title: string;
  readonly detail: string;
}
interface Answered {
  readonly status: number;
  readonly contentType: string | null;
  readonly body: { readonly verifiableCredential?: Envelope; readonly verified?: boolean; readonly errors?: readonly Problem[]; readonly type?: string; readonly status?: number };
}
interface Envelope {
  readonly '@context': unknown;
  readonly id: string;
  readonly type: unknown;
}

async function post(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answered> {
  const response = await fetch(`${url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: typeof body === 'string' ? body : JSON.stringify(body) });
  return { status: response.status, contentType: response.headers.get('content-type'), body: (await response.json()) as Answered['body'] };
}

const credential = (change: object = {}): Record<string, unknown> => ({
  '@context': [V2, 'https://www.w3.org/ns/credentials/examples/v2'],
  id: 'urn:uuid:86294362-4254-4f36-854f-3952fe42555d',
  type: ['VerifiableCredential', 'ExampleDegreeCredential'],
  issuer,
  credentialSubject: { id: 'did:example:ebfeb1f712ebc6f1c276e12ec21', degree: { type: 'ExampleBachelorDegree', name: 'Bachelor of Science' } },
  ...change,
});
const issue = (change: object = {}): Promise<Answered> => post('/credentials/issue', { credential: credential(change), options: {} });
const verify = (verifiableCredential: unknown): Promise<Answered> => post('/credentials/verify', { verifiableCredential, options: {} });

/** Issued, and verified by the same service. */
async function keeps(change: object): Promise<void> {
  const issued = await issue(change);
  expect({ change, status: issued.status, errors: issued.body.errors }).toEqual({ change, status: 201, errors: undefined });
  expect((await verify(issued.body.verifiableCredential)).body).toEqual({ verified: true, warnings: [], errors: [] });
}

/** Refused by the issuer; and by the verifier, had somebody else issued it. */
async function breaks(change: object, place: string): Promise<void> {
  const issued = await issue(change);
  expect({ change, status: issued.status, type: issued.contentType }).toEqual({ change, status: 400, type: 'application/problem+json' });
  expect(issued.body.errors?.map(({ detail }) => detail).join('\n')).toContain(place);
  for (const { type, title, detail } of issued.body.errors ?? []) expect([type, title.length > 0, detail.length > 0]).toEqual([expect.stringContaining('https://www.w3.org/TR/vc-data-model#'), true, true]);
  const { status, body } = await verify(await careless(change));
  expect({ change, status, verified: body.verified }).toEqual({ change, status: 400, verified: false });
}

const without = (name: string): object => ({ [name]: undefined });

/** An issuer that checks nothing, with a did:key of its own. */
const stranger = await generateKeyPair('Ed25519', { extractable: true });
const strangerKey = `z${base58(Buffer.concat([Buffer.of(0xed, 0x01), base64url.decode((await exportJWK(stranger.publicKey)).x ?? '')]))}`;
const strangerDid = `did:key:${strangerKey}`;

async function careless(change: object, header: object = {}): Promise<Envelope> {
  const content = credential({ ...('issuer' in change ? {} : { issuer: strangerDid }), ...change });
  const jws = await new CompactSign(Buffer.from(JSON.stringify(content))).setProtectedHeader({ alg: 'Ed25519', typ: 'vc+jwt', kid: `${strangerDid}#${strangerKey}`, ...header }).sign(stranger.privateKey);
  return { '@context': [V2], id: `${ENVELOPE}${jws}`, type: 'EnvelopedVerifiableCredential' };
}

function base58(bytes: Uint8Array): string {
  const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
  let number = BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  let text = '';
  for (; number > 0n; number /= 58n) text = (alphabet[Number(number % 58n)] ?? '') + text;
  return text;
}

describe('4.3 Contexts', () => {
  it('Verifiable credentials MUST include a @context property', async () => {
    await keeps({});
    await breaks(without('@context'), '@context');
  });

  it('The value of @context MUST be an ordered set where the first item is a URL with the value https://www.w3.org/ns/credentials/v2', async () => {
    await keeps({ '@context': [V2], type: ['VerifiableCredential'] });
    for (const wrong of [V2, {}, [], null, ['https://www.w3.org/2018/credentials/v1'], ['https://www.w3.org/ns/credentials/examples/v2', V2], [{ '@vocab': 'https://a.example/' }, V2]]) await breaks({ '@context': wrong }, '@context');
  });

  it('Subsequent items MUST be composed of any combination of URLs and objects', async () => {
    await keeps({ '@context': [V2, 'https://www.w3.org/ns/credentials/examples/v2', { name2: 'https://a.example/name2' }] });
    for (const wrong of [1, null, 'no url', ['https://a.example'], true]) await breaks({ '@context': [V2, wrong] }, '@context[1]');
  });
});

describe('5.2 Extensibility', () => {
  it('A context MUST NOT redefine a term that an earlier one protects', async () => {
    const type = 'VerifiableCredential';
    await keeps({ '@context': [V2, { '@protected': true, Ours: 'https://a.example/#Ours' }, { Ours: 'https://a.example/#Ours' }], type });
    await keeps({ '@context': [V2, { Ours: 'https://a.example/#Ours' }, { Ours: 'https://b.example/#Ours' }], type });
    await breaks({ '@context': [V2, { VerifiableCredential: 'https://a.example/#Other' }], type }, '@context');
    await breaks({ '@context': [V2, { '@protected': true, Ours: 'https://a.example/#Ours' }, { Ours: 'https://b.example/#Ours' }], type }, '@context');
  });
});

describe('4.4 Identifiers', () => {
  it('The id property is OPTIONAL; if present, its value MUST be a single URL', async () => {
    await keeps(without('id'));
    await keeps({ id: 'https://a.example/credentials/1' });
    await keeps({ id: 'did:example:123' });
    for (const wrong of ['not a url', 'relative/path', '', null, 7, {}, ['urn:uuid:86294362-4254-4f36-854f-3952fe42555d', 'did:example:1']]) await breaks({ id: wrong }, 'id');
    await keeps({ credentialSubject: { id: 'urn:example:1', claim: 'x' } });
    for (const wrong of ['not a url', 1, ['did:example:1']]) await breaks({ credentialSubject: { id: wrong, claim: 'x' } }, 'credentialSubject.id');
  });
});

describe('4.5 Types', () => {
  it('Verifiable credentials MUST contain a type property, one value of which MUST be VerifiableCredential', async () => {
    await keeps({ type: ['VerifiableCredential'] });
    await keeps({ type: 'VerifiableCredential' });
    for (const wrong of [undefined, [], 'ExampleDegreeCredential', ['ExampleDegreeCredential'], null, {}, 'verifiablecredential']) await breaks({ type: wrong }, 'type');
  });

  it('The value of type MUST be one or more terms and absolute URL strings', async () => {
    await keeps({ type: ['VerifiableCredential', 'https://www.w3.org/ns/credentials/examples#RelationshipCredential'] });
    for (const wrong of [1, null, {}, 'a term with spaces', 'https://']) await breaks({ type: ['VerifiableCredential', wrong] }, 'type');
    const type = ['VerifiableCredential', 'OurCredential'];
    await keeps({ '@context': [V2, { OurCredential: 'https://a.example/#OurCredential' }], type });
    await keeps({ '@context': [V2, { our: 'https://a.example/#', OurCredential: { '@id': 'our:Credential' } }], type });
    await keeps({ '@context': [V2, 'https://a.example/unknown-context'], type });
    for (const context of [[V2], [V2, { '@vocab': null }], [V2, { OurCredential: 'https ://no-url' }], [V2, { OurCredential: null }]]) await breaks({ '@context': context, type }, 'type');
  });
});

describe('4.6 Names and descriptions', () => {
  it('If present, name and description MUST be a string or a language value object', async () => {
    await keeps({ name: 'A degree', description: 'Of science' });
    await keeps({ name: { '@value': 'HTML و CSS', '@language': 'ar', '@direction': 'rtl' } });
    await keeps({ description: [{ '@value': 'A degree', '@language': 'en' }, { '@value': 'Ein Abschluss', '@language': 'de' }] });
    for (const name of ['name', 'description']) {
      for (const wrong of [1, null, {}, { '@language': 'en' }, { '@value': 'x', '@language': 'en', note: 'x' }, [{ value: 'x' }]]) await breaks({ [name]: wrong }, name);
    }
  });
});

describe('4.7 Issuer', () => {
  it('A verifiable credential MUST have an issuer property, which MUST be a URL or an object with an id that is a URL', async () => {
    await keeps({ issuer: { id: issuer, name: 'A University', description: { '@value': 'Ours', '@language': 'en' } } });
    for (const wrong of [undefined, null, 'not a url', '', 1, {}, [], [issuer], { name: 'No id' }, { id: 'not a url' }, { id: null }]) await breaks({ issuer: wrong }, 'issuer');
    await breaks({ issuer: { id: issuer, name: 1 } }, 'issuer.name');
  });
});

describe('4.8 Credential subject', () => {
  it('A verifiable credential MUST contain a credentialSubject property, a set of objects with one or more claims', async () => {
    await keeps({ credentialSubject: { claim: true } });
    await keeps({ credentialSubject: [{ id: 'did:example:1', spouse: 'did:example:2' }, { id: 'did:example:2', spouse: 'did:example:1' }] });
    for (const wrong of [undefined, null, {}, [], [{}], [{ claim: 1 }, {}], 'did:example:1', ['did:example:1'], 7]) await breaks({ credentialSubject: wrong }, 'credentialSubject');
  });
});

describe('4.9 Validity period', () => {
  const now = Date.now();
  const at = (days: number): string => new Date(now + days * DAY).toISOString();

  it('If present, validFrom and validUntil MUST be an XML Schema dateTimeStamp string', async () => {
    await keeps({ validFrom: '2010-01-01T19:23:24Z' });
    await keeps({ validFrom: '2010-01-01T19:23:24.651387+05:30', validUntil: '2999-12-31T23:59:59-11:00' });
    for (const name of ['validFrom', 'validUntil']) {
      for (const wrong of ['2010-01-01', '2010-01-01T19:23:24', '01/01/2010', '2010-13-01T00:00:00Z', '2010-02-30T00:00:00Z', '', 1_262_373_804, null, {}]) await breaks({ [name]: wrong }, name);
    }
  });

  it('If both are present, validFrom MUST be the same as or earlier than validUntil', async () => {
    await keeps({ validFrom: at(-1), validUntil: at(1) });
    await breaks({ validFrom: at(-1), validUntil: at(-2) }, 'validUntil');
  });

  it('A credential is not verified before and after its time', async () => {
    for (const change of [{ validFrom: at(1) }, { validUntil: at(-1) }]) {
      const issued = await issue(change);
      const { status, body } = await verify(issued.body.verifiableCredential);
      expect([issued.status, status, body.verified, body.errors?.[0]?.type]).toEqual([201, 200, false, 'https://www.w3.org/TR/vc-data-model#RANGE_ERROR']);
    }
  });
});

describe('4.10 Status, 4.11 Data schemas, 5 Advanced concepts', () => {
  it('If present, credentialStatus MUST have a type, and its id MUST be a URL', async () => {
    const status = { id: 'https://a.example/status/3#94567', type: 'BitstringStatusListEntry', statusPurpose: 'revocation' };
    await keeps({ credentialStatus: status });
    await keeps({ credentialStatus: [status, { type: 'BitstringStatusListEntry', statusPurpose: 'suspension' }] });
    for (const wrong of [{ ...status, type: undefined }, { ...status, id: 'not a url' }, { ...status, type: 1 }, 'x', null, [], [status, {}]]) await breaks({ credentialStatus: wrong }, 'credentialStatus');
  });

  it('Each credentialSchema MUST specify its type and an id that is a URL', async () => {
    const schema = { id: 'https://a.example/schema.json', type: 'JsonSchema' };
    await keeps({ credentialSchema: schema });
    await keeps({ credentialSchema: [schema, { id: 'https://b.example/schema.json', type: 'JsonSchema' }] });
    for (const wrong of [{ type: 'JsonSchema' }, { id: schema.id }, { ...schema, id: 'x y' }, [schema, {}], 'https://a.example/schema.json', []]) await breaks({ credentialSchema: wrong }, 'credentialSchema');
  });

  it.each(['refreshService', 'termsOfUse', 'evidence', 'renderMethod'])('Each %s MUST specify its type; its id, if present, MUST be a URL', async (name) => {
    await keeps({ [name]: { type: 'ExampleType', id: 'https://a.example/1' } });
    await keeps({ [name]: [{ type: 'ExampleType' }, { type: ['ExampleType', 'https://a.example/type'] }] });
    for (const wrong of [{}, { id: 'https://a.example/1' }, { type: 'ExampleType', id: 'not a url' }, 'x', [], [{ type: 'ExampleType' }, 1]]) await breaks({ [name]: wrong }, name);
  });

  it('Each relatedResource MUST have a unique id and a digest', async () => {
    const resource = { id: 'https://www.w3.org/ns/credentials/v2', digestSRI: 'sha256-WZtYqXhVcTXVHP+4xLUUHJrsPE5ddNbmhPDMxuFzD3M=' };
    await keeps({ relatedResource: [resource, { id: 'https://a.example/image.png', digestMultibase: 'uEiBZlVzu3phVDn' }] });
    for (const wrong of [[resource, resource], [{ id: resource.id }], [{ digestSRI: resource.digestSRI }], [{ ...resource, digestSRI: 'md5-abc' }], ['https://a.example'], [{ ...resource, digestMultibase: 7 }]]) {
      await breaks({ relatedResource: wrong }, 'relatedResource');
    }
  });
});

describe('4.12 Securing: enveloped credentials', () => {
  it('The issuer returns an EnvelopedVerifiableCredential whose id is a data: URL of the media type of vc+jwt', async () => {
    const { status, contentType, body } = await issue();
    expect([status, contentType]).toEqual([201, 'application/json']);
    expect(body.verifiableCredential).toEqual({ '@context': [V2], id: expect.stringMatching(/^data:application\/vc\+jwt,[\w-]+\.[\w-]+\.[\w-]+$/), type: 'EnvelopedVerifiableCredential' });
  });

  it.each(['Ed25519', 'ML-DSA-65'])('Other software verifies its %s signature, over the credential as it was given', async (algorithm) => {
    const did = issuers.find((candidate) => candidate.algorithm === algorithm)?.did ?? '';
    const issued = await issue({ issuer: did });
    const jws = issued.body.verifiableCredential?.id.slice(ENVELOPE.length) ?? '';
    const multikey = did.slice('did:key:'.length);
    // A Multikey in base64url says its bytes; the one in base58 is read back from the document that the verifier resolves.
    const jwk = algorithm === 'ML-DSA-65' ? { kty: 'AKP', alg: algorithm, pub: Buffer.from(multikey.slice(1), 'base64url').subarray(2).toString('base64url') } : { kty: 'OKP', crv: 'Ed25519', x: decode58(multikey.slice(1)).subarray(2).toString('base64url') };
    const { payload, protectedHeader } = await compactVerify(jws, await importJWK(jwk, algorithm));
    expect(protectedHeader).toEqual({ alg: algorithm, typ: 'vc+jwt', cty: 'vc', kid: `${did}#${multikey}` });
    expect(JSON.parse(Buffer.from(payload).toString())).toEqual(credential({ issuer: did }));
    expect((await verify(issued.body.verifiableCredential)).body.verified).toBe(true);
  });

  it('The verifier refuses an envelope without context, of another type, or whose id is no data: URL of vc+jwt', async () => {
    const good = await careless({});
    expect((await verify(good)).body.verified).toBe(true);
    for (const wrong of [{ ...good, '@context': undefined }, { ...good, '@context': ['https://a.example'] }, { ...good, type: 'VerifiableCredential' }, { ...good, type: undefined }, { ...good, id: undefined }, { ...good, id: 'https://a.example' }, { ...good, id: good.id.replace('vc+jwt', 'vp+jwt') }]) {
      const { status, body } = await verify(wrong);
      expect({ wrong, status, verified: body.verified }).toEqual({ wrong, status: 400, verified: false });
    }
  });

  it('The verifier refuses a signature that is changed, by another key, of another type, or by another than the issuer', async () => {
    const good = await careless({});
    const [header = '', payload = '', signature = ''] = good.id.slice(ENVELOPE.length).split('.');
    const other = Buffer.from(JSON.stringify(credential({ issuer: strangerDid, name: 'Changed' }))).toString('base64url');
    const wrong = [
      { ...good, id: `${ENVELOPE}${header}.${other}.${signature}` },
      { ...good, id: `${ENVELOPE}${header}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}` },
      { ...good, id: `${ENVELOPE}${header}.${payload}.` },
      { ...good, id: `${ENVELOPE}no jws` },
      await careless({ issuer }),
      await careless({}, { kid: `${issuer}#${issuer.slice('did:key:'.length)}` }),
      await careless({}, { kid: `${strangerDid}#other` }),
      await careless({}, { kid: 'did:example:1#1' }),
      await careless({}, { kid: 'key-1' }),
      await careless({}, { typ: 'jwt' }),
      { ...good, id: `${ENVELOPE}${Buffer.from(JSON.stringify({ alg: 'none', typ: 'vc+jwt', kid: `${strangerDid}#${strangerKey}` })).toString('base64url')}.${payload}.` },
    ];
    for (const envelope of wrong) {
      const { status, body } = await verify(envelope);
      expect([status, body.verified, body.errors?.[0]?.type]).toEqual([200, false, 'https://www.w3.org/TR/vc-data-model#CRYPTOGRAPHIC_SECURITY_ERROR']);
    }
  });

  it('The issuer does not issue in the name of others; where a suite needs it to, what it issues does not verify', async () => {
    const { status, body } = await issue({ issuer: strangerDid });
    expect([status, body.type]).toEqual([400, 'https://www.w3.org/TR/vc-data-model#CRYPTOGRAPHIC_SECURITY_ERROR']);
    const lenient = startCommand(['vc-api', '--any-issuer']);
    const { url: other } = JSON.parse(await lenient.line((line) => line.includes('"ready"'))) as { url: string };
    const answered = await fetch(`${other}/credentials/issue`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ credential: credential({ issuer: strangerDid }) }) });
    const issued = (await answered.json()) as Answered['body'];
    expect(answered.status).toBe(201);
    expect((await verify(issued.verifiableCredential)).body).toMatchObject({ verified: false, errors: [{ type: 'https://www.w3.org/TR/vc-data-model#CRYPTOGRAPHIC_SECURITY_ERROR' }] });
    lenient.child.kill('SIGTERM');
    expect(await lenient.exited).toBe(0);
  });
});

describe('the service', () => {
  it('refuses what is no request of the VC-API', async () => {
    for (const path of ['/credentials/issue', '/credentials/verify']) {
      for (const wrong of [{}, [], 'null', '"x"', '{', { credential: 'x' }, { verifiableCredential: 'x' }, { credential: [], verifiableCredential: [] }]) expect((await post(path, wrong)).status).toBe(400);
      expect((await post(path, {}, { 'content-type': 'text/plain' })).status).toBe(415);
      expect((await fetch(`${url}${path}`)).status).toBe(405);
    }
    expect((await post('/elsewhere', {})).status).toBe(404);
  });

  it('refuses a request that is too large, and stays', async () => {
    expect((await issue({ name: 'x'.repeat(200_000) })).status).toBe(201);
    expect((await issue({ name: 'x'.repeat(300_000) })).status).toBe(413);
    expect((await post('/credentials/issue', `{"credential":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}`)).status).toBe(400);
    await keeps({});
  });

  it('says what is wrong with its own options', async () => {
    const wrong = startCommand(['vc-api', '--port', '70000']);
    expect(await wrong.exited).toBe(1);
    expect(wrong.errors()).toContain('--port');
    const busy = startCommand(['vc-api', '--port', new URL(url).port]);
    expect(await busy.exited).toBe(1);
    expect(busy.errors()).toContain('cannot be listened at');
  });
});

function decode58(text: string): Buffer {
  const alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz';
  const number = Array.from(text).reduce((sum, letter) => sum * 58n + BigInt(alphabet.indexOf(letter)), 0n);
  return Buffer.from(number.toString(16).padStart(2, '0'), 'hex');
}
