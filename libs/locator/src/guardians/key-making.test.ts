import { describe, expect, it } from '@jest/globals';
import { GuardianNetwork } from '../../../testkit/src/guardian-fixture.ts';
import type { GuardianMember } from '../../../testkit/src/guardian-fixture.ts';
import { decodeScalar, encodeScalar, lagrange, product, sumScalars } from './group.ts';
import { GuardianSeal } from './guardian-seal.ts';
import { decodeSignedKey, readStatement } from './key-statement.ts';
import type { KeyStatement } from './key-statement.ts';
import { publicImage } from '../oprf.ts';

const statementsOf = async ({ store }: GuardianMember): Promise<KeyStatement[]> => (await store.keys()).map(({ statement }) => readStatement(decodeSignedKey(statement).payload));
const statementOf = async (member: GuardianMember): Promise<KeyStatement> => (await statementsOf(member))[0] as KeyStatement;
const shareOf = async ({ store, sealingKey }: GuardianMember, { epoch, version }: KeyStatement): Promise<bigint | undefined> => {
  const stored = await store.share({ epoch, version });
  return stored && decodeScalar(new GuardianSeal(sealingKey).openShare(stored));
};
/** The key itself, from the shares of some guardians: what nobody should ever have. */
async function keyOf(members: readonly GuardianMember[], statement: KeyStatement): Promise<string> {
  const indices = members.map(({ did }) => statement.guardians.indexOf(did) + 1);
  const shares = await Promise.all(members.map((member) => shareOf(member, statement)));
  const key = sumScalars(shares.map((share, at) => product(share as bigint, lagrange(indices[at] as number, indices))));
  return Buffer.from(publicImage(encodeScalar(key))).toString('base64url');
}

/** Five guardians and more sign and verify each round: some seconds on an idle core. */
const TIMEOUT = 120_000;

describe('guardians', () => {
  it.each([
    [1, 1],
    [2, 2],
    [3, 2],
    [5, 3],
  ])('make a key together: %d of whom %d are needed', async (count, threshold) => {
    const world = new GuardianNetwork();
    const members = await world.found(count, threshold);
    const statement = await statementOf(members[0] as GuardianMember);
    expect(statement).toMatchObject({ epoch: 1, version: 2, threshold, guardians: members.map(({ did }) => did).sort() });
    for (const member of members) expect(await statementsOf(member)).toEqual([statement]);
    // Any of them: the first, and the last.
    expect(await keyOf(members.slice(0, threshold), statement)).toBe(statement.publicKey);
    expect(await keyOf(members.slice(-threshold), statement)).toBe(statement.publicKey);
    if (threshold > 1) expect(await keyOf(members.slice(1, threshold), statement)).not.toBe(statement.publicKey);
    // Nothing of the making is left.
    for (const { store, log } of members) expect([await store.ceremonies(), log]).toEqual([[], []]);
  });

  it('make none while one of them is away, and then do', async () => {
    const world = new GuardianNetwork();
    const members = ['a', 'b', 'c'].map((name) => world.join(name));
    world.appoint(members, 2);
    world.network.unreachable.add(members[2]?.did ?? '');
    for (let run = 0; run < 4; run += 1) await world.run();
    for (const { store } of members) expect([await store.keys(), await store.shares()]).toEqual([[], []]);
    world.network.unreachable.clear();
    await world.settle();
    expect(await keyOf(members.slice(0, 2), await statementOf(members[0] as GuardianMember))).toBe((await statementOf(members[0] as GuardianMember)).publicKey);
  });

  it('hand the same key over when others take their place, and keep no old share', async () => {
    const world = new GuardianNetwork();
    const before = await world.found(3, 2);
    const old = await statementOf(before[0] as GuardianMember);
    const [, second, third] = before as [GuardianMember, GuardianMember, GuardianMember];
    const oldShare = await shareOf(second, old);
    const fresh = ['n1', 'n2', 'n3'].map((name) => world.join(name));
    const after = [second, third, ...fresh];
    world.appoint(after, 3);
    await world.settle();
    await world.run();
    const statement = await statementOf(third);
    expect(statement).toMatchObject({ epoch: 1, version: 3, threshold: 3, publicKey: old.publicKey });
    for (const member of [...after, before[0] as GuardianMember]) expect(await statementsOf(member)).toEqual([statement]);
    expect(await keyOf(fresh, statement)).toBe(old.publicKey);
    expect(await shareOf(second, statement)).not.toBe(oldShare);
    for (const { store } of before) expect(await store.share(old)).toBeUndefined();
    expect(await before[0]?.store.shares()).toEqual([]);
  }, TIMEOUT);

  it('hand it over without one of them, though not without two', async () => {
    const world = new GuardianNetwork();
    const before = await world.found(3, 2);
    const old = await statementOf(before[0] as GuardianMember);
    const fresh = ['n1', 'n2'].map((name) => world.join(name));
    world.appoint(fresh, 2);
    const [first, second] = before.map(({ did }) => did) as [string, string];
    world.network.unreachable.add(first).add(second);
    for (let run = 0; run < 3; run += 1) await world.run();
    for (const { store } of fresh) expect(await store.shares()).toEqual([]);
    world.network.unreachable.delete(second);
    await world.settle();
    expect(await keyOf(fresh, await statementOf(fresh[0] as GuardianMember))).toBe(old.publicKey);
  });

  it('hand it over to one of them that has lost its share as well', async () => {
    const world = new GuardianNetwork();
    const before = await world.found(3, 2);
    const [lost] = before as [GuardianMember];
    const old = await statementOf(lost);
    await lost.transactions.run((transaction) => lost.store.removeShare(transaction, old));
    const after = [...before, world.join('n')];
    world.appoint(after, 2);
    // The leader of an attempt may count on it: the next one does not.
    for (let run = 0; run < 4 && !(await world.isSettled()); run += 1) {
      await world.run();
      world.network.clock.advance(61_000);
    }
    const statement = await statementOf(lost);
    expect(statement).toMatchObject({ version: 3, publicKey: old.publicKey });
    expect(await keyOf([lost, after[3] as GuardianMember], statement)).toBe(old.publicKey);
  }, TIMEOUT);

  it('keep what another replica makes for a plan of which this one has not heard yet', async () => {
    const world = new GuardianNetwork();
    const members = await world.found(2, 2);
    const [one, away] = members as [GuardianMember, GuardianMember];
    const earlier = world.plan;
    world.appoint([...members, world.join('n')], 2);
    world.network.unreachable.add(away.did);
    await one.guardians.run();
    const begun = await one.store.ceremonies();
    expect(begun).toHaveLength(1);
    const later = world.plan;
    world.follow(earlier);
    await one.guardians.run();
    expect(await one.store.ceremonies()).toEqual(begun);
    // One that is given up goes.
    world.follow({ ...later, sequence: later.sequence + 1, guardians: earlier.guardians });
    await one.guardians.run();
    expect(await one.store.ceremonies()).toEqual([]);
  });

  it('make another key for a new epoch, and delete the old one after the overlap', async () => {
    const world = new GuardianNetwork();
    const members = await world.found(3, 2);
    const [one] = members as [GuardianMember];
    const old = await statementOf(one);
    world.appoint(members, 2, { epoch: 2 });
    await world.settle();
    const [newest, older] = await statementsOf(one);
    expect(newest).toMatchObject({ epoch: 2 });
    expect(older).toEqual(old);
    expect(newest?.publicKey).not.toBe(old.publicKey);
    expect((await one.guardians.tags.epochs()).map(({ number, endsAt }) => [number, endsAt === undefined])).toEqual([[2, true], [1, false]]);
    world.network.clock.advance(13 * 24 * 3_600_000);
    await world.run();
    expect(await one.store.shares()).toHaveLength(2);
    world.network.clock.advance(24 * 3_600_000);
    await world.run();
    for (const { store } of members) expect([(await store.keys()).map(({ epoch }) => epoch), (await store.shares()).map(({ epoch }) => epoch)]).toEqual([[2], [2]]);
    expect(await one.guardians.tags.epochs()).toEqual([{ number: 2, endsAt: undefined }]);
  });

  it.each([0, 1, 2, 3, 4, 5, 6, 7, 8])('come to one key when each of them crashes after %d writes', async (writes) => {
    const world = new GuardianNetwork();
    const members = ['a', 'b', 'c'].map((name) => world.join(name));
    world.appoint(members, 2);
    const crashes = members.map((member) => crashAfter(member, writes));
    for (let run = 0; run < 3; run += 1) await world.run().catch(() => undefined);
    for (const repair of crashes) repair();
    for (const member of members) member.restart();
    await world.settle();
    const statement = await statementOf(members[0] as GuardianMember);
    for (const member of members) expect(await statementsOf(member)).toEqual([statement]);
    expect(await keyOf(members.slice(1), statement)).toBe(statement.publicKey);
    expect(await keyOf(members.slice(0, 2), statement)).toBe(statement.publicKey);
  });
});

/** From the given number of transactions on, all fail. @returns ends that */
function crashAfter({ transactions }: GuardianMember, writes: number): () => void {
  const run = transactions.run.bind(transactions);
  let left = writes;
  transactions.run = (work) => {
    left -= 1;
    return left < 0 ? Promise.reject(new Error('The process has died.')) : run(work);
  };
  return () => {
    transactions.run = run;
  };
}
