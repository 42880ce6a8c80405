import { describe, expect, it } from '@jest/globals';
import { newId } from '@carecord/core';
import { ed25519Signer, randomKey } from '@carecord/crypto';
import { LISTED, makeLocatorNetwork } from '../../testkit/src/locator-fixture.ts';
import type { TestHospital } from '../../testkit/src/locator-fixture.ts';
import { pointerKey, tagKeys } from './keys.ts';
import { sealContent, sealNothing } from './pointer-content.ts';
import { signStatements } from './pointer-statement.ts';
import { makePointerValue, pointerKind } from './pointer-value.ts';

const NATIONAL = { system: 'urn:oid:1.2.3', value: '1234567890' };
const asked = { purpose: 'TREAT' as const, actor: { kind: 'staff' as const, id: 'staff-1' } };
const HOUR = 3_600_000;

/** A hospital that says by hand, in slot 3, what its locator would not. */
async function say(a: TestHospital, tag: Uint8Array, now: number, changes: { issuedAt?: number; expiresAt?: number; networkId?: string; holder?: string; sequence?: number; epoch?: number }): Promise<void> {
  const { issuedAt = now, expiresAt = now + HOUR, networkId = 'test-network', holder = a.did, sequence = now, epoch = 1 } = changes;
  const keys = tagKeys(tag);
  const slotKey = ed25519Signer(randomKey());
  const statement = { holder, handle: randomKey(), issuedAt, expiresAt };
  const binding = { networkId, admitPublicKey: keys.admitPublicKey, slotPublicKey: slotKey.publicKey, epoch, slot: 3, sequence };
  const [content] = (await signStatements([{ statement, binding }], a.signer)) as [Uint8Array];
  const value = makePointerValue(keys, slotKey, { epoch: 1, slot: 3, sequence: now, expiresAt: new Date(now + HOUR) }, await sealContent({ sealKey: keys.sealKey }, content));
  await a.host.put(pointerKind, pointerKey(keys.admitPublicKey, 1, 3), value);
}

describe('an asker', () => {
  it.each([
    ['holds now', {}, 1],
    ['is over', { expiresAt: -1 }, 0],
    ['comes from the future', { issuedAt: 10 * 60_000 }, 0],
    ['is good for longer than a holder may say', { expiresAt: 49 * HOUR }, 0],
    ['was made for another network', { networkId: 'another' }, 0],
    ['was made for another epoch', { epoch: 2 }, 0],
    ['was made for an earlier value', { sequence: -5 }, 0],
    ['names another holder', { holder: 'did:webvh:Qmb:b.hospital.example' }, 0],
  ] as const)('takes a statement that %s: %o', async (_name, given, found) => {
    const { network, hospital } = makeLocatorNetwork();
    const [a, b, c] = [hospital('a'), hospital('b'), hospital('c')];
    const { tag } = await c.locator.locate(NATIONAL, asked);
    const now = network.clock.now().getTime();
    const changes = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, ['expiresAt', 'issuedAt', 'sequence'].includes(name) ? now + Number(value) : value]));
    await say(a, tag, now, changes);
    expect((await c.locator.locate(NATIONAL, asked)).pointers).toHaveLength(found);
    expect(b.did).toContain('b.hospital');
  });
});

describe('a member with the tag', () => {
  it('can fill free slots until its values expire, and neither overwrite nor wipe what another has published', async () => {
    const { network, hospital } = makeLocatorNetwork();
    const [a, b, m] = [hospital('a'), hospital('b'), hospital('m')];
    await a.locator.publishPatient(newId(), { identifiers: [NATIONAL] }, LISTED);
    const { tag } = await m.locator.locate(NATIONAL, asked);
    const keys = tagKeys(tag);
    const now = network.clock.now().getTime();
    let filled = 0;
    for (let slot = 0; slot < 8; slot += 1) {
      const value = makePointerValue(keys, ed25519Signer(randomKey()), { epoch: 1, slot, sequence: now + 1_000, expiresAt: new Date(now + HOUR) }, sealNothing(keys.sealKey));
      await m.host.put(pointerKind, pointerKey(keys.admitPublicKey, 1, slot), value).then(() => (filled += 1), () => undefined);
    }
    expect(filled).toBe(7);
    expect((await b.locator.locate(NATIONAL, asked)).pointers.map(({ holder }) => holder)).toEqual([a.did]);
  });
});

describe('a member without the tag', () => {
  it('can write nothing into its slots, and does not find them from what it stores', async () => {
    const { network, hospital } = makeLocatorNetwork();
    const [a, b, m] = [hospital('a'), hospital('b'), hospital('m')];
    const patientId = newId();
    await a.locator.publishPatient(patientId, { identifiers: [NATIONAL] }, LISTED);
    const now = network.clock.now().getTime();
    const stranger = tagKeys(randomKey());
    const own = makePointerValue(stranger, ed25519Signer(randomKey()), { epoch: 1, slot: 0, sequence: now + 1, expiresAt: new Date(now + HOUR) }, sealNothing(stranger.sealKey));
    for (const name of network.values.keys()) {
      const key = Buffer.from(name.split('/')[1] ?? '', 'hex');
      await expect(m.host.put(pointerKind, key, own)).rejects.toMatchObject({ code: 'VALUE_REFUSED' });
    }
    // With the list of all patients, but no evaluation, no key of a slot comes out.
    const guesses = new Set([NATIONAL.value, patientId].flatMap((text) => Array.from({ length: 8 }, (_, slot) => Buffer.from(pointerKey(tagKeys(new TextEncoder().encode(text.padEnd(32).slice(0, 32))).admitPublicKey, 1, slot)).toString('hex'))));
    expect([...network.values.keys()].filter((name) => guesses.has(name.split('/')[1] ?? ''))).toEqual([]);
    expect((await b.locator.locate(NATIONAL, asked)).pointers).toHaveLength(1);
  });
});
