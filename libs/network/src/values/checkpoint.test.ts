import { generateSigningSeeds, hybridSigner } from '@carecord/crypto';
import { CLOCK_SKEW_MILLISECONDS } from '@carecord/identity';
import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import { checkpointKey, CheckpointKind, cosignCheckpoint, makeCheckpoint } from './checkpoint.ts';
import type { CheckpointStatement } from './checkpoint.ts';
import { MAX_VALUE_BYTES, UnjudgedValue } from './value-rules.ts';
import { HOUR, text } from './values.fixture.ts';

const clock = new ManualClock();
const now = clock.now().getTime();
const OWNER = 'did:webvh:x:a.example';
const signers = new Map(Array.from({ length: 18 }, (_, at) => [at === 0 ? OWNER : `did:webvh:x:w${at}.example`, hybridSigner(generateSigningSeeds())]));
const witnesses = [...signers].slice(1).map(([did, signer]) => ({ did, signer }));
const signer = signers.get(OWNER) as ReturnType<typeof hybridSigner>;
const statement: CheckpointStatement = { did: OWNER, origin: 'a.example/log', treeSize: 12, rootHash: new Uint8Array(32), at: now, expiresAt: now + HOUR };
const kind = new CheckpointKind({ keysOf: (did) => Promise.resolve(signers.has(did) ? [signers.get(did)?.publicKeys as typeof signer.publicKeys] : undefined), clock });
const key = checkpointKey(OWNER);
const REFUSED = { code: 'VALUE_REFUSED' };

describe('CheckpointKind', () => {
  it('takes the head of a member\'s log, whose size is its sequence', async () => {
    const value = await makeCheckpoint(statement, signer);
    expect(await kind.validate(key, value)).toEqual({ sequence: 12, owner: OWNER, expiresAt: new Date(now + HOUR) });
  });

  it('takes sixteen cosignatures, which fit into a value, and no more', async () => {
    const cosignatures = await Promise.all(witnesses.slice(0, 16).map((witness) => cosignCheckpoint(statement, witness)));
    const value = await makeCheckpoint(statement, signer, cosignatures);
    expect(value.length).toBeLessThan(MAX_VALUE_BYTES);
    await expect(kind.validate(key, value)).resolves.toMatchObject({ sequence: 12 });
    const more = [...cosignatures, await cosignCheckpoint(statement, witnesses[16] as (typeof witnesses)[0])];
    await expect(makeCheckpoint(statement, signer, more)).rejects.toMatchObject({ code: 'WIRE_SCHEMA' });
  });

  it('refuses a checkpoint that its member did not sign, or that stands elsewhere', async () => {
    const [witness] = witnesses as [(typeof witnesses)[0]];
    await expect(kind.validate(key, await makeCheckpoint(statement, witness.signer))).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
    await expect(kind.validate(checkpointKey(witness.did), await makeCheckpoint(statement, signer))).rejects.toMatchObject(REFUSED);
    await expect(kind.validate(key, text('nonsense'))).rejects.toMatchObject({ code: 'WIRE_MALFORMED' });
  });

  it('refuses a cosignature of something else, one given twice, and one of the member itself', async () => {
    const [witness] = witnesses as [(typeof witnesses)[0]];
    const good = await cosignCheckpoint(statement, witness);
    const foreign = await cosignCheckpoint({ ...statement, treeSize: 11 }, witness);
    await expect(kind.validate(key, await makeCheckpoint(statement, signer, [foreign]))).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
    await expect(kind.validate(key, await makeCheckpoint(statement, signer, [good, good]))).rejects.toMatchObject(REFUSED);
    await expect(kind.validate(key, await makeCheckpoint(statement, signer, [await cosignCheckpoint(statement, { did: OWNER, signer })]))).rejects.toMatchObject(REFUSED);
  });

  it('cannot judge what a stranger signed', async () => {
    const stranger = { did: 'did:webvh:x:stranger.example', signer: hybridSigner(generateSigningSeeds()) };
    await expect(kind.validate(key, await makeCheckpoint(statement, signer, [await cosignCheckpoint(statement, stranger)]))).rejects.toThrow(UnjudgedValue);
    const theirs = { ...statement, did: stranger.did };
    await expect(kind.validate(checkpointKey(stranger.did), await makeCheckpoint(theirs, stranger.signer))).rejects.toThrow(UnjudgedValue);
  });

  it.each([
    ['has expired', { expiresAt: now }],
    ['is valid for too long', { expiresAt: now + 8 * 24 * HOUR }],
    ['is of the future', { at: now + CLOCK_SKEW_MILLISECONDS + 1 }],
  ])('refuses a checkpoint that %s', async (_what, change) => {
    await expect(kind.validate(key, await makeCheckpoint({ ...statement, ...change }, signer))).rejects.toMatchObject(REFUSED);
  });
});
