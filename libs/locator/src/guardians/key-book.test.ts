import { describe, expect, it } from '@jest/globals';
import { toBase64Url } from '@carecord/core';
import { GuardianNetwork } from '../../../testkit/src/guardian-fixture.ts';
import type { GuardianMember } from '../../../testkit/src/guardian-fixture.ts';
import { publicImage } from '../oprf.ts';
import { newPolynomial, shareOf } from './dealing.ts';
import { GUARDIAN_KEY_PROTOCOL } from './guardian-key-protocol.ts';
import { decodeSignedKey, readStatement, signKeyStatement, statementPayload } from './key-statement.ts';
import type { KeyStatement, SignedKey } from './key-statement.ts';

const signedOf = async ({ store }: GuardianMember): Promise<SignedKey> => decodeSignedKey(((await store.keys())[0] as { statement: Uint8Array }).statement);
const versionsOf = async ({ store }: GuardianMember): Promise<number[]> => (await store.keys()).map(({ version }) => version);
/** All guardians serve this instead of what they have. */
const serve = (world: GuardianNetwork, members: readonly GuardianMember[], ...keys: SignedKey[]): void => {
  for (const member of members) world.tamper(member, GUARDIAN_KEY_PROTOCOL, () => ({ keys }));
};
/** A statement of a key of one's own, as guardians could make it, by some signers. */
async function forged(like: KeyStatement, signers: readonly GuardianMember[], change: Partial<KeyStatement> = {}): Promise<SignedKey> {
  const guardians = change.guardians ?? like.guardians;
  const polynomial = newPolynomial(change.threshold ?? like.threshold);
  const publicShares = guardians.map((_, at) => toBase64Url(publicImage(shareOf(polynomial, at + 1))));
  const payload = statementPayload({ ...like, ...change, guardians, publicKey: toBase64Url(publicImage(polynomial[0] as Uint8Array)), publicShares });
  return { payload, signatures: await Promise.all(signers.map(({ identity }) => signKeyStatement(payload, identity))) };
}

describe('what a member knows of the guardians’ key', () => {
  it('is what enough of them have signed, from any of them', async () => {
    const world = new GuardianNetwork();
    const members = await world.found(3, 2);
    const reader = world.join('reader');
    for (const { did } of members.slice(1)) world.network.unreachable.add(did);
    await reader.guardians.run();
    expect(readStatement((await signedOf(reader)).payload)).toEqual(readStatement((await signedOf(members[1] as GuardianMember)).payload));
  });

  it('is not what too few, or others, have signed, nor of other guardians than the authorities name', async () => {
    const world = new GuardianNetwork();
    const members = await world.found(3, 2);
    const [a, b] = members as [GuardianMember, GuardianMember];
    const strangers = ['x', 'y'].map((name) => world.join(name));
    const reader = world.join('reader');
    const real = await signedOf(a);
    const like = readStatement(real.payload);
    const own = { guardians: strangers.map(({ did }) => did).sort() };
    for (const wrong of [
      { ...real, signatures: real.signatures.slice(0, 1) },
      { ...real, signatures: [real.signatures[0], real.signatures[0]] as SignedKey['signatures'] },
      await forged(like, [a]),
      await forged(like, strangers),
      await forged(like, strangers, own),
      await forged(like, [a, b], { threshold: 3 }),
      await forged(like, [a, b], { epoch: 2 }),
      await forged(like, [a, b], { version: 99 }),
      await forged(like, [a, b], { networkId: 'another-network' }),
      { ...real, payload: (await forged(like, [])).payload },
    ]) {
      serve(world, members, wrong);
      await reader.guardians.run();
      expect(await versionsOf(reader)).toEqual([]);
    }
    serve(world, members, real);
    await reader.guardians.run();
    expect(await versionsOf(reader)).toEqual([2]);
  });

  it('is not what the guardians of before say of a key that they should have made after they were replaced', async () => {
    const world = new GuardianNetwork();
    const before = await world.found(3, 2);
    const like = readStatement((await signedOf(before[0] as GuardianMember)).payload);
    const reader = world.join('reader');
    world.appoint(['x', 'y'].map((name) => world.join(name)), 2, { epoch: 2 });
    serve(world, before, await forged(like, before, { epoch: 2, version: 3 }));
    await reader.guardians.run();
    expect(await versionsOf(reader)).toEqual([]);
  });

  it('never goes back to an older version, and never becomes another key of the same epoch', async () => {
    const world = new GuardianNetwork();
    const members = await world.found(2, 2);
    const reader = world.join('reader');
    const old = await signedOf(members[0] as GuardianMember);
    const after = [...members, world.join('n')];
    world.appoint(after, 2);
    await world.settle();
    await reader.guardians.run();
    expect(await versionsOf(reader)).toEqual([3]);
    const now = await signedOf(reader);
    const like = readStatement(now.payload);
    world.appoint(after, 3);
    for (const wrong of [old, await forged(like, after), await forged(like, after, { version: 4, threshold: 3 })]) {
      serve(world, after, wrong);
      await reader.guardians.run();
      expect(await signedOf(reader)).toEqual(now);
    }
    expect(reader.log.filter(({ event }) => event === 'guardian-key-refused').length).toBeGreaterThanOrEqual(3);
    reader.restart();
    await reader.guardians.run();
    expect(await signedOf(reader)).toEqual(now);
  });

  it('is refused when the public shares are not those of the key', async () => {
    const world = new GuardianNetwork();
    const members = await world.found(3, 2);
    const statement = readStatement((await signedOf(members[0] as GuardianMember)).payload);
    const [first, second, third] = statement.publicShares as [string, string, string];
    for (const publicShares of [[second, first, third], [first, second, second], [first, second]]) {
      expect(() => statementPayload({ ...statement, publicShares })).toThrow(expect.objectContaining({ code: 'GUARDIAN_KEY_INVALID' }));
    }
    expect(() => statementPayload(statement)).not.toThrow();
  });
});
