import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import type { GeneralJws } from '@carecord/crypto';
import { fixedTrust, issueNetworkDescription } from '@carecord/identity';
import type { NetworkDescription, NetworkFile } from '@carecord/identity';
import type { GuardianPlan } from '@carecord/locator';
import { ManualClock, MemorySettingStore } from '@carecord/testkit';
import { AuthorityNode, NETWORK_ID } from '../authority/authority.fixture.ts';
import { NodeError } from '../failures/node-error.ts';
import { GuardianPlans } from './guardian-plans.ts';
import { readGuardiansFile } from './guardians-file.ts';

let authorities: AuthorityNode[];
let file: NetworkFile;
let settings: MemorySettingStore;
/** What each authority answers; undefined: nothing. */
let answers: (GeneralJws | undefined)[];

const plan = (sequence: number, members: readonly AuthorityNode[] = authorities): GuardianPlan => ({ sequence, guardians: { members: members.map(({ did }) => did), threshold: members.length }, epoch: 1 });
function say(by: number, change: Partial<NetworkDescription>): Promise<GeneralJws> {
  const { resolved: issuer, signer } = (authorities[by] as AuthorityNode).replica.identity.signing();
  const { version: _version, ...network } = file;
  return issueNetworkDescription({ issuer, signer, description: { ...network, ...change } });
}
const sayAll = async (change: Partial<NetworkDescription>): Promise<void> => {
  answers = await Promise.all([0, 1].map((by) => say(by, change)));
};
function makePlans(): GuardianPlans {
  const trust = fixedTrust(NETWORK_ID, authorities.map(({ replica }) => replica.identity.signing().resolved), 2);
  const network = async (by: number): Promise<{ networkDescription: GeneralJws; bootstrap: string[] }> => {
    const networkDescription = answers[by];
    if (networkDescription === undefined) throw new NodeError('AUTHORITY_UNREACHABLE', 'It does not answer.');
    return await Promise.resolve({ networkDescription, bootstrap: [] });
  };
  const clients = new Map(authorities.map(({ did }, at) => [did, { network: () => network(at) }]));
  return new GuardianPlans({ file, trust, clients, settings, logger: silentLogger });
}

beforeAll(async () => {
  const clock = new ManualClock();
  authorities = await Promise.all([1, 2].map((number) => AuthorityNode.make(clock, `authority-${number}.example`)));
  const listed = authorities.map(({ did, witness, domain }) => ({ did, witness, url: `https://${domain}` }));
  file = { version: 2, networkId: NETWORK_ID, threshold: 2, authorities: listed, ...plan(1, authorities.slice(0, 1)), statusMaxAgeHours: 24, witnessThreshold: 2 };
});
beforeEach(() => {
  settings = new MemorySettingStore();
  answers = [];
});

describe('whom the authorities appoint as guardians', () => {
  it('is the network file’s word at first, and then what enough of them have signed', async () => {
    const plans = makePlans();
    expect(plans.current()).toEqual(plan(1, authorities.slice(0, 1)));
    expect(await plans.follow()).toBe(false);
    answers = [await say(0, plan(2)), await say(1, {})];
    expect(await plans.follow()).toBe(false);
    await sayAll(plan(2));
    expect(await plans.follow()).toBe(true);
    expect(plans.current()).toEqual(plan(2));
    expect(await plans.follow()).toBe(false);
  });

  it('never goes back, over a restart too', async () => {
    const plans = makePlans();
    await sayAll(plan(3));
    await plans.follow();
    await sayAll(plan(2, authorities.slice(1)));
    expect(await plans.follow()).toBe(false);
    const restarted = makePlans();
    await restarted.load();
    expect(restarted.current()).toEqual(plan(3));
    expect(await restarted.follow()).toBe(false);
    expect(restarted.current()).toEqual(plan(3));
  });

  it('is the newest that any replica of this hospital has heard of, which none that is behind takes back', async () => {
    const [ahead, behind] = [makePlans(), makePlans()];
    await sayAll(plan(3));
    await ahead.follow();
    await sayAll(plan(2, authorities.slice(1)));
    expect(await behind.follow()).toBe(true);
    expect(behind.current()).toEqual(plan(3));
    const restarted = makePlans();
    await restarted.load();
    expect(restarted.current()).toEqual(plan(3));
  });

  it('is not what strangers, too few, or authorities of another network say', async () => {
    const plans = makePlans();
    answers = [await say(0, plan(2))];
    expect(await plans.follow()).toBe(false);
    const [first] = answers;
    answers = [first, first];
    expect(await plans.follow()).toBe(false);
    await sayAll({ ...plan(2), networkId: 'another-network' });
    expect(await plans.follow()).toBe(false);
    expect(plans.current().sequence).toBe(1);
  });

  it('is described by an authority as its operator has appointed them, and followed once its fellow says so too', async () => {
    const plans = makePlans();
    expect(plans.appoint(plan(2))).toBe(true);
    expect(plans.appoint(plan(2))).toBe(false);
    expect(plans.describe()).toMatchObject(plan(2));
    expect(plans.current().sequence).toBe(1);
    const own = await say(0, plans.describe());
    answers = [undefined, await say(1, {})];
    expect(await plans.follow(own)).toBe(false);
    answers = [undefined, await say(1, plan(2))];
    expect(await plans.follow(own)).toBe(true);
    expect(plans.appoint(undefined)).toBe(false);
    expect(plans.describe()).toMatchObject(plan(2));
  });
});

describe('the guardians file', () => {
  it('need not be there, and is refused by a sentence when it is none', async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'carecord-guardians-')), 'guardians.json');
    expect(await readGuardiansFile(path)).toBeUndefined();
    await writeFile(path, JSON.stringify(plan(2)));
    expect(await readGuardiansFile(path)).toEqual(plan(2));
    await writeFile(path, '{"sequence":2}');
    await expect(readGuardiansFile(path)).rejects.toMatchObject({ code: 'GUARDIANS_INVALID', message: expect.stringContaining('guardians') });
  });
});
