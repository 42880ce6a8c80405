import { describe, expect, it } from '@jest/globals';
import { observation, onlyIssueOf, patient, refusalOf, transaction } from './bundles.fixture.ts';
import { MAX_BUNDLE_BYTES, MAX_BUNDLE_ENTRIES, MAX_JSON_VALUES, MAX_LIST_LENGTH, MAX_NESTING_DEPTH } from './limits.ts';
import { prepareBundle } from './prepare-bundle.ts';

const URN = 'urn:uuid:6f9a3a0e-3c53-4f0e-9c55-0d5b0e7b8a11';

function single(request: unknown, further: Record<string, unknown> = {}): Record<string, unknown> {
  return { resourceType: 'Bundle', type: 'transaction', entry: [{ resource: patient(), request, ...further }] };
}

describe('a bundle over a limit', () => {
  const attachmentOf = (bytes: number): Record<string, unknown> =>
    transaction(patient({ photo: Array.from({ length: 10 }, () => ({ contentType: 'image/png', data: 'A'.repeat(Math.floor(bytes / 40) * 4) })) }));

  it('is refused over 10 MiB and admitted just below', () => {
    expect(refusalOf(attachmentOf(MAX_BUNDLE_BYTES)).code).toBe('BUNDLE_TOO_LARGE');
    expect(prepareBundle(attachmentOf(MAX_BUNDLE_BYTES - 1_000))).toHaveLength(1);
  });

  it('counts bytes, not characters', () => {
    const text = 'ü'.repeat(900_000);
    const bundle = transaction(...Array.from({ length: 6 }, () => patient({ id: undefined, name: [{ text }] })));
    expect(JSON.stringify(bundle).length).toBeLessThan(MAX_BUNDLE_BYTES);
    expect(refusalOf(bundle).code).toBe('BUNDLE_TOO_LARGE');
  });

  it('is refused with too many entries', () => {
    const entry = Array.from({ length: MAX_BUNDLE_ENTRIES + 1 }, () => ({}));
    const error = refusalOf({ resourceType: 'Bundle', type: 'transaction', entry });
    expect([error.code, error.issues[0]?.expression]).toEqual(['BUNDLE_TOO_LARGE', 'Bundle.entry']);
  });

  it('is refused when nested too deep, even for the call stack', () => {
    for (const depth of [MAX_NESTING_DEPTH + 1, 100_000]) {
      let value: unknown = 'x';
      for (let level = 0; level < depth; level += 1) value = { extension: [value] };
      expect(refusalOf(transaction(patient({ extension: [value] }))).code).toBe('BUNDLE_TOO_LARGE');
    }
  });

  it('is refused with a list that is too long, and with too many values', () => {
    const list = (length: number): unknown => Array.from({ length }, () => 0);
    expect(refusalOf(transaction(patient({ name: list(MAX_LIST_LENGTH + 1) }))).code).toBe('BUNDLE_TOO_LARGE');
    const lists = Array.from({ length: MAX_JSON_VALUES / MAX_LIST_LENGTH }, () => list(MAX_LIST_LENGTH));
    expect(refusalOf(transaction(patient({ name: lists }))).code).toBe('BUNDLE_TOO_LARGE');
  });
});

describe('what is not plain JSON', () => {
  it.each(['__proto__', 'constructor', 'prototype-free valueOf'])('is refused: a property named %s', (name) => {
    const property = name.split(' ').at(-1) ?? '';
    const bundle: unknown = JSON.parse(`{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Patient","${property}":{"polluted":true}},"request":{"method":"POST","url":"Patient"}}]}`);
    expect(onlyIssueOf(bundle).expression).toBe('Bundle.entry[0].resource');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each([
    ['a function', () => undefined],
    ['a bigint', 1n],
    ['not a number', Number.NaN],
    ['a date', new Date(0)],
    ['undefined', undefined],
  ])('is refused: %s', (_what, value) => {
    expect(onlyIssueOf(transaction(patient({ active: [value] }))).diagnostics).toBe('A value is not JSON.');
  });

  it('is refused: a cycle', () => {
    const cycle: Record<string, unknown> = {};
    cycle['extension'] = cycle;
    expect(refusalOf(transaction(patient(cycle))).code).toBe('BUNDLE_TOO_LARGE');
  });

  it('is refused: half a surrogate pair, which UTF-8 cannot hold', () => {
    expect(onlyIssueOf(transaction(patient({ name: [{ text: 'a\ud800' }] })))).toMatchObject({ code: 'value', expression: 'Bundle.entry[0].resource.name[0].text' });
  });
});

describe('what is not a bundle to admit', () => {
  it.each([['null', null], ['a text', 'Bundle'], ['a list', []], ['a Patient', patient()], ['nothing', undefined]])('is refused: %s', (_what, value) => {
    expect(onlyIssueOf(value)).toMatchObject({ code: 'structure', expression: 'Bundle' });
  });

  it.each(['batch', 'searchset', 'document', 'history', 'message', undefined])('is refused: type %s', (type) => {
    expect(onlyIssueOf({ resourceType: 'Bundle', entry: [], ...(type === undefined ? {} : { type }) })).toMatchObject({ code: 'not-supported', expression: 'Bundle.type' });
  });

  it('is refused: one without entries, one whose entry is no list, one with an empty entry', () => {
    expect(onlyIssueOf({ resourceType: 'Bundle', type: 'transaction' }).expression).toBe('Bundle.entry');
    expect(onlyIssueOf({ resourceType: 'Bundle', type: 'transaction', entry: {} }).expression).toBe('Bundle.entry');
    expect(onlyIssueOf({ resourceType: 'Bundle', type: 'collection', entry: [{}] }).expression).toBe('Bundle.entry[0].resource');
    expect(onlyIssueOf({ resourceType: 'Bundle', type: 'collection', entry: ['x'] }).expression).toBe('Bundle.entry[0]');
  });

  it('is refused: a signature that nobody would verify, a search result', () => {
    expect(onlyIssueOf({ ...transaction(patient()), signature: {} })).toMatchObject({ code: 'not-supported', expression: 'Bundle' });
    expect(onlyIssueOf(single({ method: 'POST', url: 'Patient' }, { search: { mode: 'match' } }))).toMatchObject({ code: 'not-supported', expression: 'Bundle.entry[0]' });
  });
});

describe('a request that is not a plain POST or PUT', () => {
  it('is refused when it is missing, and in a collection when it is there', () => {
    expect(onlyIssueOf({ ...single(undefined), entry: [{ resource: patient() }] })).toMatchObject({ code: 'required', expression: 'Bundle.entry[0].request' });
    expect(onlyIssueOf({ ...single({ method: 'POST', url: 'Patient' }), type: 'collection' }).expression).toBe('Bundle.entry[0].request');
  });

  it.each(['DELETE', 'GET', 'PATCH', 'HEAD', 'post', 7])('is refused: method %s', (method) => {
    expect(onlyIssueOf(single({ method, url: 'Patient' }))).toMatchObject({ code: 'not-supported', expression: 'Bundle.entry[0].request.method' });
  });

  it.each(['ifNoneExist', 'ifMatch', 'ifNoneMatch', 'ifModifiedSince'])('is refused: %s', (condition) => {
    expect(onlyIssueOf(single({ method: 'POST', url: 'Patient', [condition]: 'x' }))).toMatchObject({ code: 'not-supported', expression: `Bundle.entry[0].request.${condition}` });
  });

  it.each([
    ['POST', 'Observation'],
    ['POST', 'Patient/p1'],
    ['POST', undefined],
    ['PUT', 'Patient'],
    ['PUT', 'Patient/p2'],
    ['PUT', 'Patient?identifier=x'],
  ])('is refused: %s %s', (method, url) => {
    expect(onlyIssueOf(single({ method, ...(url === undefined ? {} : { url }) }))).toMatchObject({ code: 'value', expression: 'Bundle.entry[0].request.url' });
  });
});

describe('a resource type that is not admitted', () => {
  it.each(['Starship', '__proto__', 'constructor', 'patient', 'Parameters', 'StructureDefinition', 'Bundle'])('is refused: %s', (resourceType) => {
    const error = refusalOf(transaction({ resourceType }));
    expect([error.code, error.issues[0]?.code, error.issues[0]?.expression]).toEqual(['UNKNOWN_RESOURCE_TYPE', 'not-supported', 'Bundle.entry[0].resource.resourceType']);
  });

  it('is not repeated in the answer when it is no R4 type', () => {
    expect(refusalOf(transaction({ resourceType: 'SomebodysName' })).issues[0]?.diagnostics).not.toContain('SomebodysName');
  });

  it('is refused inside a resource', () => {
    expect(refusalOf(transaction(patient({ contained: [{ resourceType: 'Starship', id: 'c' }] }))).code).toBe('UNKNOWN_RESOURCE_TYPE');
  });

  it('is refused when it is missing', () => {
    expect(onlyIssueOf({ ...single({ method: 'POST', url: 'Patient' }), entry: [{ resource: { id: 'x' }, request: { method: 'POST', url: 'Patient' } }] }).expression).toBe(
      'Bundle.entry[0].resource.resourceType',
    );
  });
});

describe('ids and full URLs', () => {
  const withFullUrl = (fullUrl: unknown, resource = patient()): Record<string, unknown> => ({ fullUrl, resource, request: { method: 'POST', url: resource['resourceType'] } });

  it('are refused when two entries have the same type and id, admitted when only the id is the same', () => {
    expect(onlyIssueOf(transaction(patient(), patient()))).toMatchObject({ code: 'duplicate', expression: 'Bundle.entry[1].resource.id' });
    expect(prepareBundle(transaction(patient({ id: 'same' }), observation({ id: 'same', subject: { reference: 'Patient/same' } })))).toHaveLength(2);
  });

  it('are refused when two entries have the same fullUrl, in whatever case', () => {
    const bundle = { resourceType: 'Bundle', type: 'transaction', entry: [withFullUrl(URN), withFullUrl(URN.toUpperCase(), patient({ id: 'p2' }))] };
    expect(onlyIssueOf(bundle)).toMatchObject({ code: 'duplicate', expression: 'Bundle.entry[1].fullUrl' });
  });

  it.each(['Patient/p1', '', 7, 'urn:uuid:not valid'])('are refused: fullUrl %p', (fullUrl) => {
    expect(onlyIssueOf({ ...transaction(), entry: [withFullUrl(fullUrl)] }).expression).toBe('Bundle.entry[0].fullUrl');
  });

  it('are refused when the fullUrl is the address of another resource', () => {
    expect(onlyIssueOf({ ...transaction(), entry: [withFullUrl('https://a.example/Patient/p2')] }).expression).toBe('Bundle.entry[0].fullUrl');
  });

  it.each(['a/b', 'a b', '', 'x'.repeat(65), 7, null])('are refused: id %p', (id) => {
    expect(onlyIssueOf(transaction(patient({ id })))).toMatchObject({ code: 'value', expression: 'Bundle.entry[0].resource.id' });
  });
});
