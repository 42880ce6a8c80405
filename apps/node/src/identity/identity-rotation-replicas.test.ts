import { beforeEach, describe, expect, it } from '@jest/globals';
import { failing, RotationScene, versionOf } from './rotation.fixture.ts';

const MINUTE = 60_000;
let scene: RotationScene;

beforeEach(() => {
  scene = new RotationScene();
});

describe('rotations of several replicas', () => {
  it('are followed by the others, keys that were destroyed included', async () => {
    const [one, other] = [await scene.start(), await scene.start()];
    expect(await other.rotation.follow()).toBe(false);
    await one.rotation.rotate({ urgent: false });
    expect(versionOf(other)).toBe(1);
    expect(await other.rotation.follow()).toBe(true);
    expect([versionOf(other), other.identity.signing().signer.publicKeys]).toEqual([2, one.identity.signing().resolved.signing]);
    await one.ring.change((transaction) => one.ring.destroy(transaction, 'did-signing-1'));
    const secret = other.ring.find('did-signing-1')?.secret;
    expect(await other.rotation.follow()).toBe(false);
    expect([other.ring.find('did-signing-1'), secret]).toEqual([undefined, new Uint8Array(64)]);
  });

  it('at once leave one version of each number', async () => {
    const [one, other] = [await scene.start(), await scene.start()];
    const outcomes = await Promise.allSettled([one.rotation.rotate({ urgent: false }), other.rotation.rotate({ urgent: false })]);
    expect(outcomes.some(({ status }) => status === 'fulfilled')).toBe(true);
    await Promise.all([one.rotation.follow(), other.rotation.follow()]);
    expect(one.identity.record).toEqual(other.identity.record);
    expect((await scene.members.known(one.identity.did))?.versionId).toBe(one.identity.signing().resolved.versionId);
    expect(versionOf(await scene.start())).toBe(versionOf(one));
  });

  it('of one process run one after the other', async () => {
    const node = await scene.start();
    await Promise.all([node.rotation.rotate({ urgent: false }), node.rotation.rotate({ urgent: true }), node.rotation.follow()]);
    expect(versionOf(node)).toBe(3);
  });

  it('are not undone by a slow replica that finishes what another one has finished long before', async () => {
    let answer: () => void = () => undefined;
    const slow = await scene.start({
      collectWitnessProofs: async (did, history) => {
        await new Promise<void>((resolve) => (answer = resolve));
        return await scene.askAuthority(did, history);
      },
    });
    const slowly = slow.rotation.rotate({ urgent: false });
    while (scene.prepared === undefined) await new Promise(setImmediate);
    const quick = await scene.start();
    await quick.rotation.resume();
    scene.clock.advance(MINUTE);
    const stuck = await scene.start({ collectWitnessProofs: failing });
    await expect(stuck.rotation.rotate({ urgent: false })).rejects.toThrow('failed on purpose');
    const prepared = scene.prepared;
    answer();
    await slowly;
    expect(scene.prepared).toBe(prepared);
    expect([versionOf(slow), versionOf(quick)]).toEqual([2, 2]);
    await quick.rotation.resume();
    await slow.rotation.follow();
    expect([versionOf(slow), versionOf(quick), slow.identity.record]).toEqual([3, 3, quick.identity.record]);
  });
});
