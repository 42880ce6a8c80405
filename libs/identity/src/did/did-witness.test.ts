import { describe, expect, it } from '@jest/globals';
import { ed25519PublicKey, randomKey } from '@carecord/crypto';
import { ManualClock } from '@carecord/testkit';
import { formatHistory, parseHistory } from './did-entries.ts';
import type { WitnessProof } from './did-entries.ts';
import { resolveDidHistory, resolveUnwitnessedDid } from './did-history.ts';
import { GENERAL_POLICY, MEMBER_POLICY } from './did-policy.ts';
import type { DidPolicy, WitnessRule } from './did-policy.ts';
import { firstVersion, nextVersion, NOW, resealed } from './did-versions.fixture.ts';
import type { Version } from './did-versions.fixture.ts';
import { addWitnessProofs } from './did-witness.ts';
import { didKeyOf } from './multikey.ts';
import { witnessDidVersion } from './witness-did-version.ts';

const seeds = [randomKey(), randomKey(), randomKey()] as const;
const [a, b, c] = seeds;
const names = (...of: Uint8Array[]): string[] => of.map((seed) => didKeyOf(ed25519PublicKey(seed)));
const rule = (threshold: number, ...of: Uint8Array[]): WitnessRule => ({ threshold, witnesses: names(...of) });

const resolve = ({ did, history }: Pick<Version, 'did' | 'history'>, policy: DidPolicy = MEMBER_POLICY): ReturnType<typeof resolveDidHistory> => resolveDidHistory(did, history, policy, NOW);
const missing = { code: 'DID_WITNESSES_MISSING' };

async function proofsBy({ did, history }: Pick<Version, 'did' | 'history'>, ...by: Uint8Array[]): Promise<WitnessProof[]> {
  return await Promise.all(by.map((witnessSeed) => witnessDidVersion({ did, history, witnessSeed, clock: new ManualClock(NOW) })));
}

async function witnessed<Of extends Pick<Version, 'did' | 'history'>>(version: Of, ...by: Uint8Array[]): Promise<Of> {
  return { ...version, history: addWitnessProofs(version.history, await proofsBy(version, ...by)) };
}

/** The version as everybody takes it, to be rotated. */
async function accepted(version: Version): Promise<Version> {
  return { ...version, resolved: await resolve(version) };
}

describe("a DID's own witnesses", () => {
  it('must have seen a version, as many as the rule asks for', async () => {
    const version = await firstVersion({ witness: rule(2, a, b, c) });
    await expect(resolve(version)).rejects.toMatchObject(missing);
    await expect(resolve(await witnessed(version, b))).rejects.toMatchObject(missing);
    await expect(resolve(await witnessed(version, b, b))).rejects.toMatchObject(missing);
    await expect(resolve(await witnessed(version, b, c))).resolves.toMatchObject({ versionNumber: 1 });
    await expect(resolve(await witnessed(version, b, c), GENERAL_POLICY)).resolves.toMatchObject({ versionNumber: 1 });
  });

  it('are those that are named', async () => {
    const version = await firstVersion({ witness: rule(1, a) });
    await expect(resolve(await witnessed(version, b))).rejects.toMatchObject(missing);
    await expect(resolve(await witnessed(version, a))).resolves.toMatchObject({ versionNumber: 1 });
  });

  it('are asked anew for each version, and approve those before it as well', async () => {
    const first = await accepted(await witnessed(await firstVersion({ witness: rule(1, a) }), a));
    const second = await nextVersion(first);
    await expect(resolve(second)).rejects.toMatchObject(missing);
    const approved = await witnessed(second, a);
    await expect(resolve(approved)).resolves.toMatchObject({ versionNumber: 2 });
    expect(parseHistory(approved.history).witnessProofs).toHaveLength(1);
  });

  it('change with the version after the one that names others', async () => {
    const first = await accepted(await witnessed(await firstVersion({ witness: rule(1, a) }), a));
    const second = await nextVersion(first, { witness: rule(1, b) });
    await expect(resolve(await witnessed(second, b))).rejects.toMatchObject(missing);
    const third = await nextVersion(await accepted(await witnessed(second, a)));
    await expect(resolve(await witnessed(third, a))).rejects.toMatchObject(missing);
    const approved = await witnessed(third, b);
    await expect(resolve(approved)).resolves.toMatchObject({ versionNumber: 3 });
    expect(parseHistory(approved.history).witnessProofs.map(({ versionId }) => versionId[0])).toEqual(['2', '3']);
  });

  it('are asked no more after the version that says so', async () => {
    const first = await accepted(await witnessed(await firstVersion({ witness: rule(1, a) }), a));
    const second = await nextVersion(first, { witness: { threshold: 0, witnesses: [] } });
    await expect(resolve(second)).rejects.toMatchObject(missing);
    const third = await nextVersion(await accepted(await witnessed(second, a)));
    await expect(resolve(third)).resolves.toMatchObject({ versionNumber: 3 });
  });

  it.each<[string, unknown]>([
    ['nobody', { threshold: 1, witnesses: [] }],
    ['fewer than it asks for', { threshold: 2, witnesses: [{ id: names(a)[0] }] }],
    ['somebody twice', { threshold: 2, witnesses: [{ id: names(a)[0] }, { id: names(a)[0] }] }],
    ['a threshold of nought', { threshold: 0, witnesses: [{ id: names(a)[0] }] }],
    ['no did:key', { threshold: 1, witnesses: [{ id: 'did:web:a.example' }] }],
  ])('are no rule that names %s', async (_what, witness) => {
    const version = await firstVersion();
    const withRule = async (): Promise<unknown> => {
      const ruled = await resealed(version, ({ parameters, ...content }) => ({ ...content, parameters: { ...parameters, witness } as typeof parameters }));
      return await resolve(ruled);
    };
    await expect(withRule()).rejects.toMatchObject({ code: 'DID_LOG_INVALID' });
  });
});

describe("the network's witnesses", () => {
  it('must have seen the last version, whomever the DID names', async () => {
    const policy = { ...MEMBER_POLICY, witnesses: rule(2, a, b, c) };
    const first = await firstVersion();
    await expect(resolve(first)).resolves.toMatchObject({ versionNumber: 1 });
    await expect(resolve(await witnessed(first, a), policy)).rejects.toMatchObject(missing);
    const approved = await witnessed(first, a, c);
    await expect(resolve(approved, policy)).resolves.toMatchObject({ versionNumber: 1 });
    const second = await nextVersion({ ...approved, resolved: await resolve(approved, policy) });
    await expect(resolve(second, policy)).rejects.toMatchObject(missing);
    await expect(resolve(await witnessed(second, b, c), policy)).resolves.toMatchObject({ versionNumber: 2 });
  });
});

describe('witnessDidVersion', () => {
  const ask = ({ did, history }: Pick<Version, 'did' | 'history'>): ReturnType<typeof witnessDidVersion> => witnessDidVersion({ did, history, witnessSeed: a, clock: new ManualClock(NOW) });

  it('approves nothing that does not verify', async () => {
    const [first, other] = [await firstVersion(), await firstVersion()];
    const unsigned = formatHistory({ cosigned: parseHistory(first.history).cosigned.map(({ entry }) => ({ entry, cosignature: undefined })), witnessProofs: [] });
    await expect(ask({ did: first.did, history: unsigned })).rejects.toMatchObject({ code: 'DID_COSIGNATURE_MISSING' });
    await expect(ask({ did: other.did, history: first.history })).rejects.toMatchObject({ code: 'DID_LOG_INVALID' });
    await expect(ask(first)).resolves.toMatchObject({ versionId: first.resolved.versionId });
  });

  it('approves no version after one that was not witnessed itself', async () => {
    const first = await firstVersion({ witness: rule(1, a) });
    await expect(nextVersion(first)).rejects.toMatchObject(missing);
    const second = await nextVersion(await accepted(await witnessed(first, a)));
    const { cosigned } = parseHistory(second.history);
    await expect(ask({ did: second.did, history: formatHistory({ cosigned, witnessProofs: [] }) })).rejects.toMatchObject(missing);
    await expect(ask(second)).resolves.toMatchObject({ versionId: second.resolved.versionId });
  });

  it('goes by a reading that tells what awaits its witnesses from what they approved', async () => {
    const first = await firstVersion({ witness: rule(1, a) });
    await expect(resolveUnwitnessedDid(first.did, first.history, MEMBER_POLICY, NOW)).resolves.toMatchObject({ versionNumber: 1 });
    await expect(resolve(first)).rejects.toMatchObject(missing);
  });
});

describe('addWitnessProofs', () => {
  it('keeps the newest proof of each witness', async () => {
    const first = await witnessed(await witnessed(await firstVersion(), a), b);
    const second = await nextVersion({ ...first, resolved: await resolve(first) });
    const approved = await witnessed(second, b, c);
    expect(parseHistory(approved.history).witnessProofs.map(({ versionId, proof }) => [versionId[0], proof.length])).toEqual([['1', 1], ['2', 2]]);
  });

  it('refuses a proof of another history, or one that does not verify', async () => {
    const [one, other] = [await firstVersion(), await firstVersion()];
    const [proof] = await proofsBy(one, a);
    const [foreign] = await proofsBy(other, a);
    if (proof === undefined || foreign === undefined) throw new Error('There are no proofs.');
    for (const wrong of [foreign, { ...foreign, versionId: proof.versionId }, { ...proof, proof: proof.proof.map((single) => ({ ...single, created: '2020-01-01T00:00:00Z' })) }]) {
      expect(() => addWitnessProofs(one.history, [wrong])).toThrow(expect.objectContaining({ code: 'DID_LOG_INVALID' }));
    }
    expect(addWitnessProofs(one.history, [proof])).not.toBe(one.history);
  });
});
