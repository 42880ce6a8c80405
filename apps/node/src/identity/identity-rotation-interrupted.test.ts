import { beforeEach, describe, expect, it } from '@jest/globals';
import { randomKey } from '@carecord/crypto';
import { witnessDidVersion } from '@carecord/identity';
import type { WitnessProof } from '@carecord/identity';
import { failing, RotationScene, versionOf } from './rotation.fixture.ts';

const MINUTE = 60_000;
let scene: RotationScene;

beforeEach(() => {
  scene = new RotationScene();
});

describe('a rotation that is interrupted', () => {
  /** Goes on with the very version that was prepared: members and authority have seen no other of its number. */
  async function expectGoesOn(prepared: string | undefined): Promise<void> {
    const again = await scene.start();
    expect(versionOf(again)).toBe(1);
    await again.rotation.resume();
    const { resolved } = again.identity.signing();
    expect([versionOf(again), scene.witnessed.get(2), (await scene.members.known(again.identity.did))?.versionId]).toEqual([2, resolved.versionId, resolved.versionId]);
    expect(again.identity.record.keys.signing).toBe('did-signing-2');
    expect((JSON.parse(prepared ?? '{}') as { keys?: unknown }).keys).toEqual(again.identity.record.keys);
    expect(scene.home.settings.values.has('identity.next')).toBe(false);
    await again.rotation.resume();
    expect(versionOf(again)).toBe(2);
  }

  it('while it is prepared leaves nothing', async () => {
    const node = await scene.start();
    const before = node.ring.list();
    const write = scene.home.settings.write.bind(scene.home.settings);
    scene.home.settings.write = failing;
    await expect(node.rotation.rotate({ urgent: false })).rejects.toThrow('failed on purpose');
    scene.home.settings.write = write;
    await node.ring.reload();
    expect([scene.prepared, node.ring.list()]).toEqual([undefined, before]);
    await node.rotation.resume();
    expect(versionOf(node)).toBe(1);
    await node.rotation.rotate({ urgent: false });
    expect(versionOf(node)).toBe(2);
  });

  it('when no witness answers goes on later', async () => {
    const node = await scene.start({ collectWitnessProofs: failing });
    await expect(node.rotation.rotate({ urgent: false })).rejects.toThrow('failed on purpose');
    expect([versionOf(node), scene.announced]).toEqual([1, []]);
    await expectGoesOn(scene.prepared);
  });

  it('when the witnesses are others than those that count goes on later, and nothing takes over', async () => {
    const collectWitnessProofs = async (did: string, history: string): Promise<WitnessProof[]> => [await witnessDidVersion({ did, history, witnessSeed: randomKey(), clock: scene.clock })];
    const node = await scene.start({ collectWitnessProofs });
    await expect(node.rotation.rotate({ urgent: false })).rejects.toMatchObject({ code: 'AUTHORITY_UNREACHABLE' });
    expect([versionOf(node), scene.announced]).toEqual([1, []]);
    await expectGoesOn(scene.prepared);
  });

  it('takes the good proofs when one authority gives a bad one', async () => {
    const collectWitnessProofs = async (did: string, history: string): Promise<WitnessProof[]> => {
      const [good] = await scene.askAuthority(did, history);
      const bad = { versionId: '2-zQmOther', proof: good?.proof ?? [] };
      return [bad, ...(good === undefined ? [] : [good])];
    };
    const node = await scene.start({ collectWitnessProofs });
    await node.rotation.rotate({ urgent: false });
    expect(versionOf(node)).toBe(2);
  });

  it('after the witnesses signed, before that is written down', async () => {
    const node = await scene.start({
      collectWitnessProofs: async (did, history) => {
        await scene.askAuthority(did, history);
        return await failing();
      },
    });
    await expect(node.rotation.rotate({ urgent: false })).rejects.toThrow('failed on purpose');
    await expectGoesOn(scene.prepared);
  });

  it('by members that cannot be told takes over all the same: they learn it at the next connection', async () => {
    const node = await scene.start({ announce: failing });
    await node.rotation.rotate({ urgent: false });
    expect(versionOf(node)).toBe(2);
    expect((await scene.members.accept(node.identity.did, node.identity.record.history)).versionNumber).toBe(2);
  });

  it('after it was told and before it takes over', async () => {
    const node = await scene.start();
    const write = scene.home.settings.write.bind(scene.home.settings);
    scene.home.settings.write = (name, ...given) => (name === 'identity.did' ? failing() : write(name, ...given));
    await expect(node.rotation.rotate({ urgent: false })).rejects.toThrow('failed on purpose');
    scene.home.settings.write = write;
    expect([scene.announced.length, versionOf(node)]).toEqual([1, 1]);
    await node.ring.reload();
    expect(node.ring.active('did-signing').number).toBe(1);
    await expectGoesOn(scene.prepared);
  });

  it('is finished by the next call, and an urgent one comes on top of it', async () => {
    const node = await scene.start({ collectWitnessProofs: failing });
    await expect(node.rotation.rotate({ urgent: false })).rejects.toThrow('failed on purpose');
    const again = await scene.start();
    scene.clock.advance(MINUTE);
    await again.rotation.rotate({ urgent: true });
    expect([versionOf(again), again.identity.signing().resolved.acceptedSigning.length]).toEqual([3, 1]);
  });

  it('that was urgent stays so when a planned one is asked for meanwhile', async () => {
    const node = await scene.start({ collectWitnessProofs: failing });
    await expect(node.rotation.rotate({ urgent: true })).rejects.toThrow('failed on purpose');
    const again = await scene.start();
    await again.rotation.rotate({ urgent: false });
    expect([versionOf(again), again.identity.signing().resolved.acceptedSigning.length]).toEqual([2, 1]);
  });
});
