import { beforeEach, describe, expect, it } from '@jest/globals';
import { GuardianNetwork } from '../../../testkit/src/guardian-fixture.ts';
import type { GuardianMember } from '../../../testkit/src/guardian-fixture.ts';
import { blindInputs } from '../oprf.ts';
import type { TagRequest } from '../tag-source.ts';
import { ADMISSIONS_BURST } from './admission-credit.ts';
import { ADMISSIONS_PROTOCOL, signAdmissions } from './admission-statement.ts';
import { EVALUATION_PROTOCOL } from './evaluation-protocol.ts';
import type { EvaluationResponse } from './evaluation-protocol.ts';
import { MAX_INPUTS } from './limits.ts';

const ASKING: TagRequest = { purpose: 'TREAT', clinician: 'clinician-1' };
const PUBLISHING: TagRequest = { purpose: 'PUBLISH' };
const coded = (code: string): object => expect.objectContaining({ code });
const inputs = (count: number): Uint8Array[] => Array.from({ length: count }, (_, index) => new TextEncoder().encode(`urn:x|${index}`));
const DAY = 24 * 3_600_000;

let world: GuardianNetwork;
let guardians: GuardianMember[];
const tags = async (member: GuardianMember, count = 1, request = ASKING, epochs = [1]): Promise<readonly Uint8Array[]> => {
  const [first] = await member.guardians.tags.tagsOf(inputs(count), request, epochs);
  return first?.tags ?? [];
};
async function makeWorld(limits: ConstructorParameters<typeof GuardianNetwork>[0] = {}): Promise<GuardianMember> {
  world = new GuardianNetwork(limits);
  guardians = await world.found(3, 2);
  return world.join('asker');
}
/** Two guardians, so that each evaluates. */
async function makeSmallWorld(limits: ConstructorParameters<typeof GuardianNetwork>[0]): Promise<GuardianMember> {
  world = new GuardianNetwork(limits);
  guardians = await world.found(2, 2);
  return world.join('asker');
}
const eventsOf = ({ audit }: GuardianMember): ReturnType<GuardianMember['audit']['list']> => audit.list({ limit: 50, types: ['pointer-evaluated', 'pointer-evaluation-refused'] });

/** Guardians that make a key sign and verify each round: some seconds on an idle core. */
const TIMEOUT = 120_000;

describe('guardians', () => {
  let asker: GuardianMember;
  beforeEach(async () => {
    asker = await makeWorld();
  });

  it('give everybody the same tags, whichever of them answer, and log who asked, what for, for whom and how many', async () => {
    const first = await tags(asker, MAX_INPUTS);
    expect(new Set(first.map((tag) => Buffer.from(tag).toString('hex'))).size).toBe(MAX_INPUTS);
    // A guardian asks itself and one other.
    for (const guardian of guardians) expect(await tags(guardian, MAX_INPUTS, PUBLISHING)).toEqual(first);
    for (const away of guardians) {
      world.network.unreachable.add(away.did);
      expect(await tags(asker, 2)).toEqual(first.slice(0, 2));
      world.network.unreachable.clear();
    }
    const events = (await Promise.all(guardians.map(eventsOf))).flat().filter(({ actor }) => actor.id === asker.did);
    expect(events.length).toBeGreaterThanOrEqual(8);
    for (const event of events) {
      expect(event).toMatchObject({ type: 'pointer-evaluated', outcome: 'success', actor: { kind: 'hospital' }, purpose: 'TREAT' });
      expect(Object.keys(event.detail ?? {}).sort()).toEqual(['clinician', 'count', 'epochs']);
    }
  }, TIMEOUT);

  it('evaluate in both epochs while one takes over from the other', async () => {
    const before = await tags(asker);
    world.appoint(guardians, 2, { epoch: 2 });
    await world.settle();
    await asker.guardians.run();
    const both = await asker.guardians.tags.tagsOf(inputs(1), ASKING, [2, 1]);
    expect(both.map(({ epoch }) => epoch)).toEqual([2, 1]);
    expect(both[1]?.tags).toEqual(before);
    expect(both[0]?.tags).not.toEqual(before);
  });

  it('keep giving the same tags after others took their place, also to one that has not heard of it', async () => {
    const before = await tags(asker);
    const after = [guardians[0] as GuardianMember, world.join('n1'), world.join('n2')];
    world.appoint(after, 2);
    // All but the asker.
    const rest = world.members.filter((member) => member !== asker);
    for (let run = 0; run < 6; run += 1) for (const member of rest) await member.guardians.run();
    expect(await tags(asker)).toEqual(before);
  }, TIMEOUT);

  it('that are too few give nothing, and say so', async () => {
    for (const { did } of guardians.slice(1)) world.network.unreachable.add(did);
    await expect(tags(asker)).rejects.toEqual(coded('GUARDIAN_UNAVAILABLE'));
  });

  it('of whom one is slow are not waited for', async () => {
    const [slow] = guardians as [GuardianMember];
    world.tamper(slow, EVALUATION_PROTOCOL, () => new Promise(() => undefined));
    // Whoever begins with the slow one asks the third after a moment.
    for (let turn = 0; turn < 3; turn += 1) {
      let answer: readonly Uint8Array[] | undefined;
      const asking = tags(asker).then((given) => (answer = given));
      while (answer === undefined) {
        if (world.network.clock.sleeping > 0) world.network.clock.advance(250);
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(await asking).toHaveLength(1);
    }
  });

  it.each<[string, (answer: EvaluationResponse) => EvaluationResponse]>([
    ['another proof', ({ evaluations }) => ({ evaluations: evaluations.map((evaluation) => ({ ...evaluation, proof: new Uint8Array(64).fill(1) })) })],
    ['swapped answers', ({ evaluations }) => ({ evaluations: evaluations.map(({ evaluated, proof }) => ({ evaluated: [...evaluated].reverse(), proof })) })],
    ['too few answers', ({ evaluations }) => ({ evaluations: evaluations.map(({ evaluated, proof }) => ({ evaluated: evaluated.slice(1), proof })) })],
    ['the identity', ({ evaluations }) => ({ evaluations: evaluations.map(({ evaluated, proof }) => ({ evaluated: evaluated.map(() => new Uint8Array(32)), proof })) })],
  ])('of whom one gives %s do without it, and it is named', async (_what, change) => {
    const honest = await tags(asker, 3);
    const [bad] = guardians as [GuardianMember];
    world.tamper(bad, EVALUATION_PROTOCOL, (answer) => change(answer as unknown as EvaluationResponse));
    for (let turn = 0; turn < 3; turn += 1) {
      expect(await tags(asker, 3)).toEqual(honest);
      world.network.clock.advance(61_000);
    }
    expect(asker.log).toContainEqual({ event: 'guardian-left-out', fields: { guardian: bad.did, code: 'GUARDIAN_PROOF_INVALID' } });
    world.network.unreachable.add(guardians[1]?.did ?? '');
    await expect(tags(asker, 3)).rejects.toEqual(coded('GUARDIAN_PROOF_INVALID'));
  });

  it.each([
    ['a member that is no hospital', ['authority' as const], ASKING, 'NOT_ENTITLED'],
    ['an unknown purpose', ['hospital' as const], { ...ASKING, purpose: 'MARKETING' as 'TREAT' }, 'PURPOSE_UNKNOWN'],
    ['a look-up for nobody', ['hospital' as const], { purpose: 'TREAT' as const }, 'CLINICIAN_REQUIRED'],
  ])('refuse %s, and log it', async (_name, roles, request, code) => {
    const other = world.join('x', roles);
    await expect(tags(other, 1, request)).rejects.toEqual(coded(code));
    const events = (await Promise.all(guardians.map(eventsOf))).flat();
    expect(events.length).toBeGreaterThanOrEqual(2);
    for (const event of events) expect(event).toMatchObject({ type: 'pointer-evaluation-refused', outcome: 'refused', reasonCode: code, actor: { id: other.did } });
  });

  it('refuse a hospital whose membership has ended meanwhile', async () => {
    await tags(asker);
    world.network.clock.advance(400 * DAY);
    await expect(tags(asker)).rejects.toEqual(coded('NOT_ENTITLED'));
  });

  it('refuse what is no group element, too many inputs, and a key that they have no share of', async () => {
    const [good] = blindInputs(inputs(1)).blinded as [Uint8Array];
    const key = { epoch: 1, version: world.plan.sequence };
    const ask = (blinded: Uint8Array[], keys = [key]): Promise<unknown> => asker.host.request(EVALUATION_PROTOCOL, guardians[0]?.did ?? '', { ...ASKING, keys, blinded });
    await expect(ask([good])).resolves.toBeDefined();
    await expect(ask([good, new Uint8Array(32)])).rejects.toMatchObject({ remoteCode: 'POINT_INVALID' });
    await expect(ask(Array.from({ length: MAX_INPUTS + 1 }, () => good))).rejects.toThrow();
    await expect(ask([])).rejects.toThrow();
    await expect(ask([good], [{ ...key, version: key.version - 1 }])).rejects.toMatchObject({ remoteCode: 'KEY_OUTDATED' });
    await expect(ask([good], [{ ...key, epoch: 2 }])).rejects.toMatchObject({ remoteCode: 'KEY_OUTDATED' });
    await expect(ask([good], [key, key])).rejects.toMatchObject({ remoteCode: 'KEY_OUTDATED' });
  });
});

describe('what a day allows for asking', () => {
  it('is counted by clinician and by hospital, over a restart, and is there again tomorrow', async () => {
    const asker = await makeSmallWorld({ clinicianPerDay: 5, hospitalPerDay: 8 });
    const other = world.join('other');
    await tags(asker, 5);
    await expect(tags(asker, 1)).rejects.toEqual(coded('RATE_LIMITED'));
    for (const guardian of guardians) guardian.restart();
    await expect(tags(asker, 1)).rejects.toEqual(coded('RATE_LIMITED'));
    const colleague = { ...ASKING, clinician: 'clinician-2' };
    await expect(tags(asker, 4, colleague)).rejects.toEqual(coded('RATE_LIMITED'));
    await expect(tags(asker, 3, colleague)).resolves.toHaveLength(3);
    await expect(tags(other, 5)).resolves.toHaveLength(5);
    await expect(tags(asker, 1, PUBLISHING)).resolves.toHaveLength(1);
    world.network.clock.advance(DAY);
    for (const { guardians: part } of guardians) await part.tidy();
    await expect(tags(asker, 5)).resolves.toHaveLength(5);
  });

  it('is spent no faster than bursts allow', async () => {
    const rate = { burst: 4, perSecond: 1 };
    const asker = await makeSmallWorld({ clinicianRate: rate, publishingRate: rate });
    await tags(asker, 4);
    await expect(tags(asker, 1)).rejects.toEqual(coded('RATE_LIMITED'));
    await expect(tags(asker, 4, PUBLISHING)).resolves.toHaveLength(4);
    await expect(tags(asker, 1, PUBLISHING)).rejects.toEqual(coded('RATE_LIMITED'));
    world.network.clock.advance(1_000);
    await expect(tags(asker, 1)).resolves.toHaveLength(1);
  });
});

describe('publishing', () => {
  const limits = { publishingAllowance: 2, publishingPerPatient: 3 };

  it('follows the admissions that the hospital shows when it is asked to', async () => {
    const asker = await makeSmallWorld(limits);
    await expect(tags(asker, 2, PUBLISHING)).resolves.toHaveLength(2);
    await expect(tags(asker, 1, PUBLISHING)).rejects.toEqual(coded('ADMISSIONS_REQUIRED'));
    asker.admitted = 1;
    await expect(tags(asker, 3, PUBLISHING)).resolves.toHaveLength(3);
    await expect(tags(asker, 1, PUBLISHING)).rejects.toEqual(coded('ADMISSIONS_REQUIRED'));
    for (const guardian of guardians) guardian.restart();
    await expect(tags(asker, 1, PUBLISHING)).rejects.toEqual(coded('ADMISSIONS_REQUIRED'));
    // A new epoch is a new key, under which every patient is published once more.
    world.appoint(guardians, 2, { epoch: 2 });
    await world.settle();
    await expect(tags(asker, 5, PUBLISHING, [2])).resolves.toHaveLength(5);
    await expect(tags(asker, 1, PUBLISHING, [2])).rejects.toEqual(coded('ADMISSIONS_REQUIRED'));
  });

  it('is credited a bounded number at once and a day, whatever the hospital says', async () => {
    const asker = await makeSmallWorld(limits);
    const [guardian] = guardians as [GuardianMember];
    const show = async (admitted: number, sequence = admitted): Promise<number> => {
      const statement = await signAdmissions({ admitted, audit: { sequence, hash: '00'.repeat(32) } }, asker.identity, world.network.clock);
      return (await asker.host.request(ADMISSIONS_PROTOCOL, guardian.did, { statement })).credited;
    };
    expect(await show(1_000_000)).toBe(ADMISSIONS_BURST);
    expect(await show(1_000_000)).toBe(ADMISSIONS_BURST);
    world.network.clock.advance(DAY);
    expect(await show(1_000_000)).toBe(300_000);
    world.network.clock.advance(7 * DAY);
    // No more is saved up than a burst.
    expect(await show(1_000_000)).toBe(500_000);
    const invalid = expect.objectContaining({ remoteCode: 'ADMISSIONS_INVALID' });
    await expect(show(999_999, 1_000_001)).rejects.toEqual(invalid);
    await expect(show(1_000_001, 999_999)).rejects.toEqual(invalid);
    expect(await show(1_000_001)).toBe(500_000);
  });

  it('is not credited by statements of others, of other times, or changed ones', async () => {
    const asker = await makeSmallWorld(limits);
    const other = world.join('other');
    const [guardian] = guardians as [GuardianMember];
    const { clock } = world.network;
    const count = { admitted: 5, audit: { sequence: 5, hash: '00'.repeat(32) } };
    const show = (statement: Awaited<ReturnType<typeof signAdmissions>>): Promise<unknown> => asker.host.request(ADMISSIONS_PROTOCOL, guardian.did, { statement });
    const own = await signAdmissions(count, asker.identity, clock);
    const changed = { ...own, payload: Buffer.from(Buffer.from(own.payload, 'base64url').toString().replace('"admitted":5', '"admitted":6')).toString('base64url') };
    const future = { now: () => new Date(clock.now().getTime() + 3_600_000), sleepUntil: clock.sleepUntil.bind(clock) };
    const elsewhere = { did: asker.did, networkId: 'another-network', current: asker.identity.current.bind(asker.identity) };
    const wrong = [await signAdmissions(count, other.identity, clock), changed, await signAdmissions(count, asker.identity, future), await signAdmissions(count, elsewhere, clock)];
    for (const statement of wrong) await expect(show(statement)).rejects.toMatchObject({ remoteCode: 'ADMISSIONS_INVALID' });
    await expect(show(own)).resolves.toEqual({ credited: 5 });
    clock.advance(25 * 3_600_000);
    await expect(show(own)).rejects.toMatchObject({ remoteCode: 'ADMISSIONS_INVALID' });
    const authority = world.join('authority', ['authority']);
    const statement = await signAdmissions(count, authority.identity, clock);
    await expect(authority.host.request(ADMISSIONS_PROTOCOL, guardian.did, { statement })).rejects.toMatchObject({ remoteCode: 'NOT_ENTITLED' });
  });
});
