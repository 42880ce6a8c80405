import { describe, expect, it } from '@jest/globals';
import { parseNetworkFile } from './network-file.ts';

const authority = (name: string): Record<string, unknown> => ({
  did: `did:webvh:QmTest:${name}.authority.example`,
  url: `https://${name}.authority.example`,
  witness: `did:key:z6Mk${name.repeat(44)}`,
});
const file = {
  version: 2,
  sequence: 1,
  networkId: 'test-network',
  threshold: 2,
  authorities: [authority('a'), authority('b'), authority('c')],
  guardians: { members: ['did:webvh:QmTest:guardian.example'], threshold: 1 },
  epoch: 1,
  statusMaxAgeHours: 24,
  witnessThreshold: 1,
};
const parse = (change: object = {}, options = {}): unknown => parseNetworkFile(JSON.stringify({ ...file, ...change }), options);

describe('network file', () => {
  it('says whom a node trusts', () => {
    expect(parse()).toEqual(file);
    expect(parse({ threshold: 3, witnessThreshold: 0 })).toMatchObject({ threshold: 3, witnessThreshold: 0 });
  });

  it.each<[string, object, string]>([
    ['a threshold above the number of authorities', { threshold: 4 }, 'The threshold (4) is larger than the number of authorities (3)'],
    ['a threshold of 0', { threshold: 0 }, 'The threshold must be at least 1'],
    ['an authority twice', { authorities: [authority('a'), authority('b'), authority('a')] }, 'a.authority.example is listed twice'],
    ['a witness key twice', { authorities: [authority('a'), { ...authority('b'), witness: authority('a').witness }, authority('c')] }, 'Two authorities have the same witness key'],
    ['too many witnesses', { witnessThreshold: 4 }, 'The witness threshold (4) is larger than the number of authorities (3)'],
    ['less than no witnesses', { witnessThreshold: -1 }, 'The witness threshold must be 0'],
    ['status lists of a month', { statusMaxAgeHours: 720 }, 'Status lists may be at most 168 hours old'],
    ['status lists of no time', { statusMaxAgeHours: 0 }, '"statusMaxAgeHours" is missing or not valid'],
    ['no authority', { authorities: [] }, '"authorities" is missing or not valid'],
    ['too many authorities', { authorities: Array.from({ length: 17 }, (_, at) => authority(String.fromCharCode(97 + at))) }, '"authorities" is missing or not valid'],
    ['an address that is none', { authorities: [{ ...authority('a'), url: 'ftp://a' }] }, '"authorities.0.url" is missing or not valid'],
    ['a witness that is no did:key', { authorities: [{ ...authority('a'), witness: 'did:web:a' }] }, '"authorities.0.witness" is missing or not valid'],
    ['a guardian threshold that nobody reaches', { guardians: { ...file.guardians, threshold: 2 } }, 'The guardian threshold (2) is larger than the number of guardians (1)'],
    ['guardians of whom each has the whole key', { guardians: { members: [...file.guardians.members, 'did:webvh:QmTest:other.example'], threshold: 1 } }, 'each of them alone would have the whole key'],
    ['too many guardians', { guardians: { members: Array.from({ length: 17 }, (_, at) => `did:webvh:QmTest:g${at}.example`), threshold: 9 } }, '"guardians.members" is missing or not valid'],
    ['the form of before', { version: 1, guardian: 'did:webvh:QmTest:guardian.example' }, 'make a new one with "carecord network create"'],
    ['no network id', { networkId: undefined }, '"networkId" is missing or not valid'],
    ['another version', { version: 3 }, '"version" is missing or not valid'],
    ['an unknown member', { colour: 'blue' }, 'unknown members'],
  ])('with %s is refused by a sentence that says so', (_what, change, sentence) => {
    expect(() => parse(change)).toThrow(expect.objectContaining({ code: 'NETWORK_FILE_INVALID', message: expect.stringContaining(sentence) }));
  });

  it('without https is refused outside the demo network', () => {
    const insecure = { authorities: [authority('a'), authority('b'), { ...authority('c'), url: 'http://127.0.0.1:3000' }] };
    expect(() => parse(insecure)).toThrow(expect.objectContaining({ code: 'NETWORK_FILE_INVALID', message: expect.stringContaining('must begin with https://') }));
    expect(parse(insecure, { allowHttp: true })).toMatchObject({ threshold: 2 });
  });

  it.each(['', '{', 'null', '[]', '"text"', ' '.repeat(70_000)])('that is no such file is refused (%#)', (text) => {
    expect(() => parseNetworkFile(text)).toThrow(expect.objectContaining({ code: 'NETWORK_FILE_INVALID' }));
  });
});
