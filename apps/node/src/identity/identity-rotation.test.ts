import { beforeEach, describe, expect, it } from '@jest/globals';
import { signWithContext, verifyWithContext } from '@carecord/crypto';
import { verifyWithAnyKey } from '@carecord/identity';
import { failing, RotationScene, versionOf } from './rotation.fixture.ts';
import type { Rotating } from './rotation.fixture.ts';

const MINUTE = 60_000;
const CONTEXT = 'node/test';
const MESSAGE = Buffer.from('signed before and after');

const statesOf = ({ ring }: Rotating): string[] => ring.list().map(({ id, state }) => `${id} ${state}`);
let scene: RotationScene;

beforeEach(() => {
  scene = new RotationScene();
});

describe('a rotation', () => {
  it('that is planned keeps what was signed before, and signs with the new key', async () => {
    const node = await scene.start();
    const before = node.identity.signing();
    const signature = await signWithContext(before.signer, CONTEXT, MESSAGE);
    scene.clock.advance(MINUTE);
    const { versionId } = await node.rotation.rotate({ urgent: false });
    const { resolved, signer } = node.identity.signing();
    expect([resolved.versionId, resolved.versionNumber, resolved.updatedAt]).toEqual([versionId, 2, scene.clock.now()]);
    await verifyWithAnyKey(resolved.acceptedSigning, CONTEXT, MESSAGE, signature);
    verifyWithContext(resolved.signing, CONTEXT, MESSAGE, await signWithContext(signer, CONTEXT, MESSAGE));
    expect(() => verifyWithContext(resolved.signing, CONTEXT, MESSAGE, signature)).toThrow();
    expect(resolved.recipientPublicKey).not.toEqual(before.resolved.recipientPublicKey);
  });

  it('that is urgent accepts nothing by the keys before', async () => {
    const node = await scene.start();
    await node.rotation.rotate({ urgent: false });
    const signature = await signWithContext(node.identity.signing().signer, CONTEXT, MESSAGE);
    scene.clock.advance(MINUTE);
    await node.rotation.rotate({ urgent: true });
    const { acceptedSigning } = node.identity.signing().resolved;
    expect(acceptedSigning).toHaveLength(1);
    await expect(verifyWithAnyKey(acceptedSigning, CONTEXT, MESSAGE, signature)).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
  });

  it('takes the pre-committed keys into use and commits new ones', async () => {
    const node = await scene.start();
    const [update, cosigning] = ['did-update-2', 'did-cosigning-2'].map((id) => node.ring.find(id)?.secret);
    await node.rotation.rotate({ urgent: false });
    expect(statesOf(node)).toEqual([
      'did-cosigning-1 retired',
      'did-cosigning-2 active',
      'did-cosigning-3 pending',
      'did-recipient-1 retired',
      'did-recipient-2 active',
      'did-signing-1 retired',
      'did-signing-2 active',
      'did-update-1 retired',
      'did-update-2 active',
      'did-update-3 pending',
    ]);
    expect([node.ring.active('did-update').secret, node.ring.active('did-cosigning').secret]).toEqual([update, cosigning]);
    expect(node.identity.record.keys).toEqual({ signing: 'did-signing-2', recipient: 'did-recipient-2', update: 'did-update-2', nextUpdate: 'did-update-3', cosigning: 'did-cosigning-2', nextCosigning: 'did-cosigning-3' });
    expect(scene.home.settings.values.has('identity.next')).toBe(false);
  });

  it('is told to others, and can open what they seal to the new key, before the new key signs', async () => {
    const signing: (string | undefined)[] = [];
    const node: Rotating = await scene.start({
      announce: (history) => {
        signing.push(node.identity.signing().resolved.signingKeyIds.ed25519.split('#')[1], history.includes('#ed25519-2') ? 'new' : 'old');
        signing.push(...node.identity.recipientKeys().map(({ keyId }) => keyId.split('#')[1]));
        return Promise.resolve();
      },
    });
    await node.rotation.rotate({ urgent: false });
    expect(signing).toEqual(['ed25519-1', 'new', 'recipient-1', 'recipient-2']);
    expect(node.identity.signing().resolved.signingKeyIds.ed25519).toContain('#ed25519-2');
  });

  it('is followed at once by what must be signed anew, and stands when that fails', async () => {
    const node = await scene.start();
    const versions: number[] = [];
    node.rotation.afterwards(() => failing());
    node.rotation.afterwards(() => Promise.resolve(versions.push(versionOf(node))));
    const other = await scene.start();
    other.rotation.afterwards(() => Promise.resolve(versions.push(-versionOf(other))));
    await node.rotation.rotate({ urgent: false });
    await other.rotation.follow();
    await other.rotation.follow();
    expect(versions).toEqual([2, -2]);
  });

  it('says where the hospital is now', async () => {
    const node = await scene.start({ services: () => [{ type: 'CarecordGraphQL', endpoint: 'https://moved.hospital.example/graphql' }] });
    await node.rotation.rotate({ urgent: false });
    expect(node.identity.signing().resolved.services).toEqual([{ type: 'CarecordGraphQL', endpoint: 'https://moved.hospital.example/graphql' }]);
  });

  it('can be done many times, and is believed by everybody each time', async () => {
    const node = await scene.start();
    for (let time = 0; time < 5; time += 1) {
      scene.clock.advance(MINUTE);
      await node.rotation.rotate({ urgent: time === 3 });
    }
    expect([versionOf(node), scene.announced.length, (await scene.members.known(node.identity.did))?.versionNumber]).toEqual([6, 5, 6]);
    expect(node.identity.signing().resolved.acceptedSigning).toHaveLength(2);
    expect(versionOf(await scene.start())).toBe(6);
  });

  it('ends the witnessing when the network has no witnesses any more', async () => {
    await scene.start();
    const node = await scene.start({}, { witness: undefined });
    // The next version still comes under the rule of the one before it.
    await node.rotation.rotate({ urgent: false });
    const asked = scene.witnessed.size;
    await node.rotation.rotate({ urgent: false });
    expect([asked, scene.witnessed.size, versionOf(node)]).toEqual([2, 2, 3]);
  });
});
