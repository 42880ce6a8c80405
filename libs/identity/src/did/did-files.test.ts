import { describe, expect, it } from '@jest/globals';
import { ed25519PublicKey, randomKey } from '@carecord/crypto';
import { ManualClock } from '@carecord/testkit';
import { MAX_DID_HISTORY_BYTES } from '../limits.ts';
import { historyFromFiles, publishedFiles } from './did-files.ts';
import { resolveDidHistory, verifyDidWebvh } from './did-history.ts';
import { MEMBER_POLICY } from './did-policy.ts';
import { firstVersion, nextVersion, NOW } from './did-versions.fixture.ts';
import { addWitnessProofs } from './did-witness.ts';
import { didKeyOf } from './multikey.ts';
import { witnessDidVersion } from './witness-did-version.ts';

const seed = randomKey();

describe('the files that are published', () => {
  it('are plain did:webvh, with our cosignatures and the witnesses beside it, and become the history again', async () => {
    const first = await firstVersion({ witness: { threshold: 1, witnesses: [didKeyOf(ed25519PublicKey(seed))] } });
    const history = addWitnessProofs(first.history, [await witnessDidVersion({ ...first, witnessSeed: seed, clock: new ManualClock(NOW) })]);
    const files = publishedFiles(history);
    expect(files.log).not.toContain('carecord-mldsa65-jcs-2026');
    expect(JSON.parse(files.cosignatures)).toMatchObject([{ versionId: first.resolved.versionId, proof: [{ cryptosuite: 'carecord-mldsa65-jcs-2026' }] }]);
    expect(JSON.parse(files.witness ?? '')).toMatchObject([{ versionId: first.resolved.versionId, proof: [{ cryptosuite: 'eddsa-jcs-2022' }] }]);
    expect(historyFromFiles(files)).toBe(history);
    await expect(resolveDidHistory(first.did, historyFromFiles(files), MEMBER_POLICY, NOW)).resolves.toMatchObject({ did: first.did });
  });

  it('verify for anybody without the cosignatures, but not for a member', async () => {
    const { did, history } = await nextVersion(await firstVersion());
    const { log, witness } = publishedFiles(history);
    expect(witness).toBeUndefined();
    await expect(verifyDidWebvh(did, historyFromFiles({ log }), NOW)).resolves.toMatchObject({ versionNumber: 2 });
    await expect(resolveDidHistory(did, historyFromFiles({ log }), MEMBER_POLICY, NOW)).rejects.toMatchObject({ code: 'DID_COSIGNATURE_MISSING' });
  });

  it.each<[string, { log?: string; cosignatures?: string; witness?: string }]>([
    ['a log that is none', { log: '{}' }],
    ['cosignatures that are none', { cosignatures: '[{}]' }],
    ['cosignatures that are no JSON', { cosignatures: '[' }],
    ['witnesses that are none', { witness: '{}' }],
    ['too much', { witness: `[]${' '.repeat(MAX_DID_HISTORY_BYTES)}` }],
  ])('are refused with %s', async (_what, wrong) => {
    const { history } = await firstVersion();
    expect(() => historyFromFiles({ ...publishedFiles(history), ...wrong })).toThrow(expect.objectContaining({ code: 'DID_LOG_INVALID' }));
    expect(() => publishedFiles('{}')).toThrow(expect.objectContaining({ code: 'DID_LOG_INVALID' }));
  });
});
