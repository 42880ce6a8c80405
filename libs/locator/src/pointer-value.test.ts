import { describe, expect, it } from '@jest/globals';
import { bytes, decodeWire, encodeWire } from '@carecord/core';
import { generateSigningSeeds, hybridSigner, randomKey } from '@carecord/crypto';
import { z } from 'zod';
import { pointerKey, slotOrder, tagKeys } from './keys.ts';
import { openPointer, sealPointer } from './pointer-content.ts';
import { makePointerValue, pointerKind, readPointerValue } from './pointer-value.ts';

const tag = new Uint8Array(32).fill(1);
const slotSeed = new Uint8Array(32).fill(2);
const expiresAt = new Date('2026-01-03T00:00:00.000Z');
const place = { epoch: 1, slot: 2, sequence: 1_767_225_600_000, expiresAt };
const key = pointerKey(tagKeys(tag).admitPublicKey, 1, 2);
const signer = hybridSigner(generateSigningSeeds());
const bindingOf = (value: Uint8Array): Parameters<typeof openPointer>[2] => {
  const { admitPublicKey, slotPublicKey, epoch, slot, sequence } = readPointerValue(key, value);
  return { networkId: 'n', admitPublicKey, slotPublicKey, epoch, slot, sequence };
};
const seal = (kind: 'pointer' | 'tombstone', holder: string, value = makePointerValue(tag, slotSeed, place, new Uint8Array(4125))): Promise<Uint8Array> =>
  sealPointer(tagKeys(tag).sealKey, { kind, holder, handle: new Uint8Array(32), expiresAt: expiresAt.getTime() }, bindingOf(value), signer);
const parts = z.record(z.string(), bytes({ atMost: 8_192 }));
const decode = (value: Uint8Array): z.infer<typeof parts> => decodeWire(parts, value, 8_192);
const encode = (value: Record<string, unknown>): Uint8Array => encodeWire(z.record(z.string(), z.unknown()), value);
const refused = expect.objectContaining({ code: 'VALUE_REFUSED' });

describe('a pointer, as a storer sees it', () => {
  it('passes with its sequence, its owner and its expiry', async () => {
    const value = makePointerValue(tag, slotSeed, place, await seal('pointer', 'did:x:y'));
    const { slotPublicKey } = readPointerValue(key, value);
    expect(await pointerKind.validate(key, value)).toEqual({ sequence: place.sequence, owner: Buffer.from(slotPublicKey).toString('hex'), expiresAt });
  });

  it('has one size, whoever the holder is, tombstones too', async () => {
    const contents = await Promise.all([seal('pointer', 'did:x:y'), seal('pointer', `did:webvh:${'z'.repeat(300)}`), seal('tombstone', 'did:x:y')]);
    const sizes = contents.map((content) => makePointerValue(tag, slotSeed, place, content).length);
    expect(new Set(sizes).size).toBe(1);
    expect(sizes[0]).toBeLessThanOrEqual(pointerKind.maxBytes);
  });

  it('shows neither holder nor tag', async () => {
    const value = Buffer.from(makePointerValue(tag, slotSeed, place, await seal('pointer', 'did:webvh:QmCanary:a.hospital.example')));
    expect(value.includes('QmCanary')).toBe(false);
    expect(value.includes(Buffer.from(tag))).toBe(false);
  });

  it.each([
    ['another slot', pointerKey(tagKeys(tag).admitPublicKey, 1, 3)],
    ['another epoch', pointerKey(tagKeys(tag).admitPublicKey, 2, 2)],
    ['another tag', pointerKey(tagKeys(randomKey()).admitPublicKey, 1, 2)],
  ])('is refused under the key of %s', async (_name, other) => {
    const value = makePointerValue(tag, slotSeed, place, await seal('pointer', 'did:x:y'));
    await expect(pointerKind.validate(other, value)).rejects.toEqual(refused);
  });

  it('is refused when any of it is changed', async () => {
    const value = makePointerValue(tag, slotSeed, place, await seal('pointer', 'did:x:y'));
    for (let position = 0; position < value.length; position += 97) {
      const changed = Uint8Array.from(value);
      changed[position] = (changed[position] as number) ^ 1;
      await expect(pointerKind.validate(key, changed)).rejects.toEqual(refused);
    }
  });

  it('is refused when one who has not the tag, or not the slot key, signed it', async () => {
    const sealed = await seal('pointer', 'did:x:y');
    const good = decode(makePointerValue(tag, slotSeed, place, sealed));
    const stranger = decode(makePointerValue(randomKey(), randomKey(), place, sealed));
    await expect(pointerKind.validate(key, encode({ ...good }))).resolves.toBeDefined();
    await expect(pointerKind.validate(key, encode({ ...good, admitSignature: stranger.admitSignature }))).rejects.toEqual(refused);
    await expect(pointerKind.validate(key, encode({ ...good, slotSignature: stranger.slotSignature }))).rejects.toEqual(refused);
    await expect(pointerKind.validate(key, encode({ ...good, admitSignature: good.slotSignature, slotSignature: good.admitSignature }))).rejects.toEqual(refused);
  });

  it('is refused when it is something else', async () => {
    await expect(pointerKind.validate(key, new Uint8Array())).rejects.toEqual(refused);
    await expect(pointerKind.validate(key, encode({ hello: 'world' }))).rejects.toEqual(refused);
    await expect(pointerKind.validate(key, new Uint8Array(100_000))).rejects.toEqual(refused);
  });
});

describe('the inside of a pointer', () => {
  const binding = bindingOf(makePointerValue(tag, slotSeed, place, new Uint8Array(4125)));

  it('opens with the tag and verifies with the keys of its holder', async () => {
    const opened = openPointer(tagKeys(tag).sealKey, await seal('pointer', 'did:x:y'), binding);
    expect(opened.statement).toMatchObject({ kind: 'pointer', holder: 'did:x:y' });
    await expect(opened.verify([signer.publicKeys])).resolves.toBeUndefined();
  });

  it('verifies with earlier keys of its holder that its DID still lists', async () => {
    const opened = openPointer(tagKeys(tag).sealKey, await seal('pointer', 'did:x:y'), binding);
    const present = hybridSigner(generateSigningSeeds()).publicKeys;
    await expect(opened.verify([present, signer.publicKeys])).resolves.toBeUndefined();
    await expect(opened.verify([present])).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
  });

  it('does not open with another tag', async () => {
    const sealed = await seal('pointer', 'did:x:y');
    expect(() => openPointer(tagKeys(randomKey()).sealKey, sealed, binding)).toThrow();
  });

  it('does not verify with other keys, nor copied to another place', async () => {
    const sealed = await seal('pointer', 'did:x:y');
    const verify = (at: typeof binding, keys: typeof signer.publicKeys): Promise<void> => openPointer(tagKeys(tag).sealKey, sealed, at).verify([keys]);
    await expect(verify(binding, hybridSigner(generateSigningSeeds()).publicKeys)).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
    const elsewhere = [{ slot: 3 }, { epoch: 2 }, { sequence: 1_767_225_600_001 }, { slotPublicKey: new Uint8Array(32) }, { networkId: 'other' }];
    for (const change of elsewhere) await expect(verify({ ...binding, ...change }, signer.publicKeys)).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
  });
});

describe('slotOrder', () => {
  it('visits every slot once, the same order every time, and differs between holders', () => {
    const orders = Array.from({ length: 50 }, (_, index) => slotOrder(tag, `did:x:${index}`));
    for (const order of orders) expect([...order].sort()).toEqual([0, 1, 2, 3]);
    expect(slotOrder(tag, 'did:x:7')).toEqual(orders[7]);
    expect(new Set(orders.map((order) => order.join())).size).toBe(8);
  });
});
