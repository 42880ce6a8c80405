import { describe, expect, it } from '@jest/globals';
import { CREDENTIALS_V2 } from './contexts.ts';
import { credentialProblems, issuerOf } from './data-model.ts';
import { parseDateTimeStamp } from './json-values.ts';

/** Every statement of the data model is tested against the started service, in test/conformance. */
const good = {
  '@context': [CREDENTIALS_V2],
  type: ['VerifiableCredential'],
  issuer: { id: 'did:example:issuer' },
  credentialSubject: [{ id: 'did:example:1', claim: 1 }],
};

describe('credentialProblems', () => {
  it('are none for a credential', () => {
    expect(credentialProblems(good)).toEqual([]);
    expect(issuerOf(good)).toBe('did:example:issuer');
    expect(issuerOf({ issuer: 'did:example:issuer' })).toBe('did:example:issuer');
    expect(issuerOf({})).toBeUndefined();
  });

  it('are all told at once, each with its place and without the value', () => {
    const problems = credentialProblems({ ...good, '@context': [CREDENTIALS_V2, 'https://www.w3.org/ns/credentials/examples/v2'], type: 'Other', id: 'Private Name', credentialSubject: [{ claim: 1 }, {}], credentialStatus: [{ type: 'A', id: 'Private Name' }] });
    expect(problems.map(({ path }) => path)).toEqual(['id', 'type', 'credentialSubject[1]', 'credentialStatus[0].id']);
    expect(JSON.stringify(problems)).not.toContain('Private');
  });

  it('are there for what is nested as if to exhaust a stack', () => {
    const nested = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);
    expect(credentialProblems({ ...good, credentialSubject: { claim: nested(50) } })).toEqual([]);
    expect(credentialProblems({ ...good, credentialSubject: { claim: nested(50_000) } })).toHaveLength(1);
  });

  it.each([undefined, null, 1, 'text', [], [good]])('are there for what is no object: %j', (value) => {
    expect(credentialProblems(value)).toHaveLength(1);
  });
});

describe('parseDateTimeStamp', () => {
  it.each([
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
    ['2024-02-29T02:00:00.5+02:00', Date.UTC(2024, 1, 29, 0, 0, 0, 500)],
    ['2024-02-29T00:00:00.123456789Z', Date.UTC(2024, 1, 29, 0, 0, 0, 123)],
  ])('reads %s', (text, time) => {
    expect(parseDateTimeStamp(text)).toBe(time);
  });

  it.each(['2023-02-29T00:00:00Z', '2024-02-29T25:00:00Z', '2024-02-29T00:00:00', '2024-02-29 00:00:00Z', '2024-02-29T00:00:00+0200', '24-02-29T00:00:00Z', 0, undefined])('does not read %s', (text) => {
    expect(parseDateTimeStamp(text)).toBeUndefined();
  });
});
