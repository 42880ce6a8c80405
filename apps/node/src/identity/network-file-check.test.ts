import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import type { Logger } from '@carecord/core';
import type { GeneralJws } from '@carecord/crypto';
import { fixedTrust, issueNetworkDescription } from '@carecord/identity';
import type { NetworkDescription, NetworkFile, NetworkTrust } from '@carecord/identity';
import { ManualClock } from '@carecord/testkit';
import { AuthorityNode, NETWORK_ID } from '../authority/authority.fixture.ts';
import { checkNetworkFile } from './network-file-check.ts';

let authorities: AuthorityNode[];
let file: NetworkFile;
let trust: NetworkTrust;
let warnings: string[];
const logger: Logger = { ...silentLogger, warn: (event) => void warnings.push(event) };

/** What the authorities say, each in its own signature. */
function say(change: Partial<NetworkDescription> = {}, by = authorities): Promise<GeneralJws[]> {
  const { version: _version, ...network } = file;
  return Promise.all(
    by.map(({ replica: { identity } }) => {
      const { resolved: issuer, signer } = identity.signing();
      return issueNetworkDescription({ issuer, signer, description: { ...network, ...change } });
    }),
  );
}
const check = async (statements: readonly GeneralJws[], of = file): Promise<boolean | undefined> => await checkNetworkFile(of, statements, trust, logger);

beforeAll(async () => {
  const clock = new ManualClock();
  authorities = await Promise.all([1, 2].map((number) => AuthorityNode.make(clock, `authority-${number}.example`)));
  const listed = authorities.map(({ did, witness, domain }) => ({ did, witness, url: `https://${domain}` }));
  file = { version: 2, sequence: 1, networkId: NETWORK_ID, threshold: 2, authorities: listed, guardians: { members: [listed[0]?.did ?? ''], threshold: 1 }, epoch: 1, statusMaxAgeHours: 24, witnessThreshold: 2 };
  trust = fixedTrust(NETWORK_ID, authorities.map(({ replica }) => replica.identity.signing().resolved), 2);
});
beforeEach(() => {
  warnings = [];
});

describe('checkNetworkFile', () => {
  it('finds the file to be what the authorities say, wherever they are reached and in whatever order they stand', async () => {
    expect(await check(await say())).toBe(true);
    const elsewhere = { ...file, authorities: file.authorities.map((authority) => ({ ...authority, url: 'https://proxy.hospital.example' })).reverse() };
    expect(await check(await say(), elsewhere)).toBe(true);
    expect(warnings).toEqual([]);
  });

  it.each<[string, Partial<NetworkDescription>]>([
    ['threshold', { threshold: 1 }],
    ['witnesses', { witnessThreshold: 1 }],
    ['age of status lists', { statusMaxAgeHours: 12 }],
  ])('tells the operator that they say another %s', async (_what, change) => {
    expect(await check(await say(change))).toBe(false);
    expect(warnings).toEqual(['network-file-outdated']);
  });

  it('leaves it to the authorities who guards the look-up', async () => {
    expect(await check(await say({ sequence: 9, guardians: { members: [], threshold: 1 }, epoch: 2 }))).toBe(true);
    expect(warnings).toEqual([]);
  });

  it('tells the operator that there are other authorities', async () => {
    expect(await check(await say({ threshold: 1, witnessThreshold: 1, authorities: file.authorities.slice(0, 1) }))).toBe(false);
  });

  it('does not know when too few say the same, or nobody answers', async () => {
    const one = await say({}, authorities.slice(0, 1));
    const [, two] = await say({ epoch: 2 });
    expect(await check(one)).toBeUndefined();
    expect(await check([...one, ...(two === undefined ? [] : [two])])).toBeUndefined();
    expect(await check([])).toBeUndefined();
    expect(warnings).toEqual(Array.from({ length: 3 }, () => 'network-description-not-verified'));
  });

  it('believes no strangers', async () => {
    const strangers = await Promise.all([1, 2].map((number) => AuthorityNode.make(new ManualClock(), `authority-${number}.example`)));
    expect(await check(await say({ threshold: 1 }, strangers))).toBeUndefined();
  });
});
