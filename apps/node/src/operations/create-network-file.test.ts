import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from '@carecord/core';
import { parseNetworkFile } from '@carecord/identity';
import { AuthorityNode } from '../authority/authority.fixture.ts';
import { impatient } from '../identity/test-http.fixture.ts';
import { createNetworkFile } from './create-network-file.ts';
import type { NewNetwork } from './create-network-file.ts';

const refusal = (code: string, part = ''): unknown => expect.objectContaining({ code, message: expect.stringContaining(part) });

let authorities: AuthorityNode[];
let urls: string[];
/** A node without the services of an authority. */
let hospital: AuthorityNode;
let hospitalUrl: string;

const create = (change: Partial<NewNetwork> = {}): ReturnType<typeof createNetworkFile> =>
  createNetworkFile({ networkId: 'carecord-test', authorityUrls: urls, threshold: 2, witnessThreshold: 1, statusMaxAgeHours: 24, allowHttp: true, ...change }, impatient(systemClock));

beforeAll(async () => {
  authorities = await Promise.all(
    [1, 2].map((number) =>
      AuthorityNode.make(systemClock, `authority-${number}.example`, (witness) => [
        { type: 'CarecordWitness', endpoint: witness },
      ]),
    ),
  );
  hospital = await AuthorityNode.make(systemClock, 'a.hospital.example');
  [hospitalUrl = '', ...urls] = await Promise.all([hospital, ...authorities].map((node) => node.listen()));
});
afterAll(() => Promise.all([hospital, ...authorities].map((node) => node.close())));

describe('createNetworkFile', () => {
  it('writes what the authorities say of themselves, so that a node takes it', async () => {
    const { text, authorities: listed } = await create();
    expect(listed).toEqual(authorities.map(({ did, witness }, at) => ({ did, witness, url: urls[at] })));
    expect(parseNetworkFile(text, { allowHttp: true })).toEqual({
      version: 2,
      sequence: 1,
      networkId: 'carecord-test',
      threshold: 2,
      authorities: listed,
      guardians: { members: authorities.map(({ did }) => did), threshold: 2 },
      epoch: 1,
      statusMaxAgeHours: 24,
      witnessThreshold: 1,
    });
    expect(text.endsWith('}\n')).toBe(true);
  });

  it('takes guardians by address and by DID, and addresses with a slash at the end', async () => {
    const guardians = [`${urls[1] ?? ''}/`, hospital.did, authorities[0]?.did ?? ''];
    const { text } = await create({ authorityUrls: urls.map((url) => `${url}/`), guardians, guardianThreshold: 3 });
    expect(parseNetworkFile(text, { allowHttp: true })).toMatchObject({ guardians: { members: [authorities[1]?.did, hospital.did, authorities[0]?.did], threshold: 3 } });
    expect(parseNetworkFile((await create({ guardians: [] })).text, { allowHttp: true })).toMatchObject({ guardians: { members: [], threshold: 1 } });
  });

  it.each<[string, () => Partial<NewNetwork>, string, string]>([
    ['an address that does not answer', () => ({ authorityUrls: [...urls, 'http://127.0.0.1:1'] }), 'AUTHORITY_UNREACHABLE', 'http://127.0.0.1:1'],
    ['a node that is no authority', () => ({ authorityUrls: [hospitalUrl] }), 'AUTHORITY_ANSWER_INVALID', 'is not an authority'],
    ['a guardian twice', () => ({ guardians: [urls[0] ?? '', authorities[0]?.did ?? ''] }), 'NETWORK_FILE_INVALID', 'listed twice'],
    ['a guardian that is neither a DID nor an address', () => ({ guardians: ['somebody'] }), 'NETWORK_FILE_INVALID', 'guardians.members'],
    ['guardians of whom each has the whole key', () => ({ guardianThreshold: 1 }), 'NETWORK_FILE_INVALID', 'whole key'],
    ['no authority', () => ({ authorityUrls: [] }), 'NETWORK_FILE_INVALID', 'authorit'],
    ['one authority twice', () => ({ authorityUrls: [...urls, ...urls] }), 'NETWORK_FILE_INVALID', 'listed twice'],
    ['a threshold that is larger than the number of authorities', () => ({ threshold: 3 }), 'NETWORK_FILE_INVALID', 'larger than the number of authorities'],
    ['a witness threshold that is larger', () => ({ witnessThreshold: 3 }), 'NETWORK_FILE_INVALID', 'witness threshold'],
    ['plain HTTP outside a demo', () => ({ allowHttp: false }), 'OUTBOUND_REFUSED', 'HTTPS'],
  ])('refuses %s', async (_case, change, code, part) => {
    await expect(create(change())).rejects.toEqual(refusal(code, part));
  });
});
