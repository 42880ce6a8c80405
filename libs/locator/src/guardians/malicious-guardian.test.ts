import { describe, expect, it } from '@jest/globals';
import { GuardianNetwork } from '../../../testkit/src/guardian-fixture.ts';
import type { GuardianMember, Tampering } from '../../../testkit/src/guardian-fixture.ts';
import { dealingOf, newPolynomial, shareOf } from './dealing.ts';
import { KEY_ROUND_PROTOCOL } from './key-round-protocol.ts';
import type { KeyRoundResponse } from './key-round-protocol.ts';
import { decodeSignedKey, readStatement } from './key-statement.ts';

/** Five members sign and verify each round: some seconds on an idle core. */
const TIMEOUT = 120_000;
const spoiled = ({ log }: GuardianMember): string[] => log.filter(({ event }) => event === 'guardian-ceremony-spoiled').map(({ fields }) => String(fields.suspects));
const leftOut = ({ log }: GuardianMember): string[] => log.filter(({ event }) => event === 'guardian-dealing-left-out').map(({ fields }) => String(fields.suspect));
const keysOf = async ({ store }: GuardianMember): Promise<string[]> => (await store.keys()).map(({ statement }) => readStatement(decodeSignedKey(statement).payload).publicKey);
const answering = (change: (answer: KeyRoundResponse, request: { attempt: number }, asker: string) => Partial<KeyRoundResponse>): Tampering => (answer, request, asker) => ({
  ...answer,
  ...change(answer as unknown as KeyRoundResponse, request as { attempt: number }, asker),
});

/** Three guardians to be, of whom the last one in the order of DIDs is malicious; the first leads the first attempt. */
function makeWorld(): { world: GuardianNetwork; honest: GuardianMember[]; bad: GuardianMember } {
  const world = new GuardianNetwork();
  const [a, b, bad] = ['a', 'b', 'c'].map((name) => world.join(name)) as [GuardianMember, GuardianMember, GuardianMember];
  world.appoint([a, b, bad], 2);
  return { world, honest: [a, b], bad };
}

const otherDealing = (member: GuardianMember, attempt: number, threshold = 2): Partial<KeyRoundResponse> => {
  const polynomial = newPolynomial(threshold);
  const place = { networkId: member.identity.networkId, epoch: 1, version: 2, attempt, dealer: member.did };
  return { dealing: dealingOf(polynomial, place), share: shareOf(polynomial, 1) };
};

/** The others have their shares, of which none is in use. */
async function expectWaiting(world: GuardianNetwork, honest: readonly GuardianMember[]): Promise<void> {
  for (let run = 0; run < 4; run += 1) await world.run();
  for (const member of honest) {
    expect((await member.store.ceremonies()).map(({ phase }) => phase)).toEqual(['echoed']);
    expect([await member.store.keys(), await member.store.shares()]).toEqual([[], []]);
  }
}

const spoilt = <Signature extends { readonly signature: string }>(signature: Signature): Signature => ({ ...signature, signature: signature.signature.replace(/^./, (first) => (first === 'A' ? 'B' : 'A')) });

/** What a guardian can do wrong while a key is made, and whether who is told so can tell who it was. */
const misdeeds: readonly [string, (bad: GuardianMember, honest: readonly GuardianMember[]) => Tampering][] = [
  ['deals a share that is not of its polynomial', () => answering(() => ({ share: new Uint8Array(32).fill(1) }))],
  ['deals a share that is no scalar', () => answering(() => ({ share: new Uint8Array(32).fill(255) }))],
  ['commits to no group elements', () => answering(({ dealing }) => ({ dealing: dealing && { ...dealing, commitments: dealing.commitments.map(() => new Uint8Array(32)) } }))],
  ['deals with another degree', (bad) => answering((_answer, { attempt }) => otherDealing(bad, attempt, 3))],
  ['proves no knowledge of what it commits to', () => answering(({ dealing }) => ({ dealing: dealing && { ...dealing, proof: new Uint8Array(64).fill(1) } }))],
  ['shows the proof of another attempt', (bad) => answering((_answer, { attempt }) => otherDealing(bad, attempt + 1))],
];

describe('while a key is made, a guardian that', () => {
  it.each(misdeeds)('%s is named by all who see it, and no key is made with it', async (_what, misdeed) => {
    const { world, honest, bad } = makeWorld();
    world.tamper(bad, KEY_ROUND_PROTOCOL, misdeed(bad, honest));
    for (let run = 0; run < 3; run += 1) {
      await world.run();
      world.network.clock.advance(5_000);
    }
    expect(honest.flatMap(spoiled)).not.toEqual([]);
    expect(new Set(honest.flatMap(spoiled))).toEqual(new Set([bad.did]));
    for (const member of honest) expect([await member.store.keys(), await member.store.shares()]).toEqual([[], []]);
    // Once it behaves, the next attempt succeeds.
    world.tamper(bad, KEY_ROUND_PROTOCOL, undefined);
    world.network.clock.advance(60_000);
    await world.settle();
    expect(await keysOf(honest[0] as GuardianMember)).toEqual(await keysOf(honest[1] as GuardianMember));
  });

  it('deals different things to different guardians shows by their echoes, and no key is made with it', async () => {
    const { world, honest, bad } = makeWorld();
    const [a] = honest as [GuardianMember];
    const told = new Map<number, Partial<KeyRoundResponse>>();
    world.tamper(
      bad,
      KEY_ROUND_PROTOCOL,
      answering((_answer, { attempt }, asker) => {
        if (asker !== a.did) return {};
        const lie = told.get(attempt) ?? otherDealing(bad, attempt);
        told.set(attempt, lie);
        return lie;
      }),
    );
    for (let run = 0; run < 4; run += 1) {
      await world.run();
      world.network.clock.advance(5_000);
    }
    expect(honest.flatMap(spoiled)).not.toEqual([]);
    for (const suspects of honest.flatMap(spoiled)) expect(suspects).toContain(bad.did);
    for (const member of honest) expect([await member.store.keys(), await member.store.shares()]).toEqual([[], []]);
  });

  it('holds its echo back keeps the others waiting, with nothing in use', async () => {
    const { world, honest, bad } = makeWorld();
    world.tamper(bad, KEY_ROUND_PROTOCOL, ({ echo: _echo, signature: _signature, ...answer }) => answer);
    await expectWaiting(world, honest);
    world.tamper(bad, KEY_ROUND_PROTOCOL, undefined);
    await world.settle();
  });

  it('signs its echo with other keys is named, and keeps the others waiting, with nothing in use', async () => {
    const { world, honest, bad } = makeWorld();
    world.tamper(bad, KEY_ROUND_PROTOCOL, answering(({ echo }) => (echo === undefined ? {} : { echo: { ...echo, signatures: echo.signatures.map(spoilt) } })));
    await expectWaiting(world, honest);
    for (const { log } of honest) expect(log).toContainEqual({ event: 'guardian-echo-invalid', fields: { guardian: bad.did } });
    world.tamper(bad, KEY_ROUND_PROTOCOL, undefined);
    await world.settle();
  });

  it('leads, and proposes a time of its own to each, does not bring them to two keys', async () => {
    const world = new GuardianNetwork();
    const members = ['a', 'b', 'c'].map((name) => world.join(name)) as [GuardianMember, GuardianMember, GuardianMember];
    const [bad, ...honest] = members;
    world.appoint(members, 2);
    let from = world.network.clock.now().getTime();
    world.tamper(bad, KEY_ROUND_PROTOCOL, answering(({ proposal, attempt }) => (proposal === undefined || attempt > 0 ? {} : { proposal: { ...proposal, from: (from += 1) } })));
    await world.settle();
    expect(honest.flatMap(spoiled)).not.toEqual([]);
    for (const suspects of honest.flatMap(spoiled)) expect(suspects).toContain(bad.did);
    const keys = await Promise.all(members.map(keysOf));
    expect(new Set(keys.flat()).size).toBe(1);
  });

  it('asks for another guardian\'s share gets its own', async () => {
    const { world, honest, bad } = makeWorld();
    await world.run();
    const [a] = honest as [GuardianMember];
    const seen = new Set<string>();
    world.tamper(a, KEY_ROUND_PROTOCOL, (answer, _request, asker) => {
      seen.add(`${asker} ${Buffer.from((answer.share as Uint8Array | undefined) ?? []).toString('hex')}`);
      return answer;
    });
    await bad.guardians.run();
    expect([...seen].every((entry) => entry.startsWith(bad.did))).toBe(true);
  });
});

describe('a member that is no guardian', () => {
  it('gets nothing of the making', async () => {
    const { world, honest } = makeWorld();
    const stranger = world.join('stranger');
    const [a] = honest as [GuardianMember];
    let request: unknown;
    world.tamper(a, KEY_ROUND_PROTOCOL, (answer, asked) => {
      request = asked;
      return answer;
    });
    await world.run();
    expect(request).toBeDefined();
    await expect(stranger.host.request(KEY_ROUND_PROTOCOL, a.did, request as never)).rejects.toMatchObject({ remoteCode: expect.stringMatching(/NOT_ENTITLED|CEREMONY_UNKNOWN/) });
  });
});

describe('while a key is handed over, a guardian that', () => {
  it.each<[string, Tampering]>([
    ['deals anything but its share', answering((answer) => (answer.dealing === undefined ? {} : { dealing: { ...answer.dealing, commitments: [...answer.dealing.commitments].reverse() } }))],
    ['deals a wrong share', answering(({ share }) => (share === undefined ? {} : { share: new Uint8Array(32).fill(3) }))],
  ])('%s is named, and the others hand it over without it', async (_what, tampering) => {
    const world = new GuardianNetwork();
    const before = await world.found(3, 2);
    const [key] = await keysOf(before[0] as GuardianMember);
    const fresh = ['n1', 'n2'].map((name) => world.join(name));
    const bad = before[0] as GuardianMember;
    world.tamper(bad, KEY_ROUND_PROTOCOL, tampering);
    world.appoint(fresh, 2);
    await world.settle();
    for (const member of fresh) {
      expect(new Set(leftOut(member))).toEqual(new Set([bad.did]));
      expect(await keysOf(member)).toEqual([key]);
    }
  }, TIMEOUT);

  it('deals well to the leader and badly to another one is left out in a later attempt', async () => {
    const world = new GuardianNetwork();
    const before = await world.found(3, 2);
    const [key] = await keysOf(before[0] as GuardianMember);
    const fresh = ['n1', 'n2'].map((name) => world.join(name)) as [GuardianMember, GuardianMember];
    const [bad] = [...before].sort((one, other) => (one.did < other.did ? -1 : 1)) as [GuardianMember];
    const deceived = fresh[0].did < fresh[1].did ? fresh[1] : fresh[0];
    world.tamper(bad, KEY_ROUND_PROTOCOL, answering(({ share }, _request, asker) => (share === undefined || asker !== deceived.did ? {} : { share: new Uint8Array(32).fill(3) })));
    world.appoint(fresh, 2);
    for (let run = 0; run < 6 && !(await world.isSettled()); run += 1) {
      await world.run();
      world.network.clock.advance(61_000);
    }
    expect(new Set(leftOut(deceived))).toEqual(new Set([bad.did]));
    for (const member of fresh) expect([await keysOf(member), await member.store.shares()]).toEqual([[key], [{ epoch: 1, version: 3 }]]);
  }, TIMEOUT);
});
