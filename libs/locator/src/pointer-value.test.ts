import { describe, expect, it } from '@jest/globals';
import { bytes, decodeWire, encodeWire } from '@carecord/core';
import { ed25519Signer, generateRecipientSeed, randomKey, recipientPublicKey } from '@carecord/crypto';
import { z } from 'zod';
import { namedTag, PLACE_BYTES, POINTER_SLOTS, pointerKey, slotOrder, tagKeys } from './keys.ts';
import { CONTENT_BYTES, openContent, openNamedContent, sealContent, sealNothing } from './pointer-content.ts';
import { makePointerValue, pointerKind, readPointerValue } from './pointer-value.ts';

const tag = new Uint8Array(32).fill(1);
const slotKey = ed25519Signer(new Uint8Array(32).fill(2));
const expiresAt = new Date('2026-01-03T00:00:00.000Z');
const place = { epoch: 1, slot: 2, sequence: 1_767_225_600_000, expiresAt };
const keys = tagKeys(tag);
const key = pointerKey(keys.admitPublicKey, 1, 2);
const content = new Uint8Array(3_900).fill(7);
const parts = z.record(z.string(), bytes({ atMost: 8_192 }));
const decode = (value: Uint8Array): z.infer<typeof parts> => decodeWire(parts, value, 8_192);
const encode = (value: Record<string, unknown>): Uint8Array => encodeWire(z.record(z.string(), z.unknown()), value);
const refused = expect.objectContaining({ code: 'VALUE_REFUSED' });
const sealed = await sealContent({ sealKey: keys.sealKey }, content);
const value = makePointerValue(keys, slotKey, place, sealed);

describe('a pointer, as a storer sees it', () => {
  it('passes with its sequence, its owner and its expiry', async () => {
    expect(await pointerKind.validate(key, value)).toEqual({ sequence: place.sequence, owner: Buffer.from(slotKey.publicKey).toString('hex'), expiresAt });
  });

  it('has one size: to everybody, to one hospital, taken back, and of the longest content', async () => {
    const publicKey = await recipientPublicKey(generateRecipientSeed());
    const contents = await Promise.all([
      sealContent({ sealKey: keys.sealKey }, new Uint8Array(1)),
      sealContent({ sealKey: keys.sealKey }, new Uint8Array(CONTENT_BYTES - 2)),
      sealContent({ sealKey: keys.sealKey, recipient: { publicKey, place: key } }, content),
      sealContent({ sealKey: keys.sealKey, recipient: { publicKey, place: key } }, new Uint8Array(CONTENT_BYTES - 2)),
    ]);
    const sizes = [...contents, sealNothing(keys.sealKey)].map((one) => makePointerValue(keys, slotKey, place, one).length);
    expect([...new Set(sizes)]).toEqual([value.length]);
    expect(value.length).toBeLessThanOrEqual(pointerKind.maxBytes);
  });

  it('shows neither tag nor content', () => {
    expect(Buffer.from(value).includes(Buffer.from(tag))).toBe(false);
    expect(Buffer.from(value).includes(Buffer.alloc(16, 7))).toBe(false);
  });

  it('stands with all slots of its tag and epoch, and with nothing else', () => {
    const placeOf = (admitPublicKey: Uint8Array, epoch: number, slot: number): string =>
      Buffer.from(pointerKind.placedBy?.(pointerKey(admitPublicKey, epoch, slot)) ?? []).toString('hex');
    const here = placeOf(keys.admitPublicKey, 1, 0);
    expect(here).toHaveLength(2 * PLACE_BYTES);
    for (let slot = 1; slot < POINTER_SLOTS; slot += 1) expect(placeOf(keys.admitPublicKey, 1, slot)).toBe(here);
    const others = [placeOf(keys.admitPublicKey, 2, 0), placeOf(tagKeys(randomKey()).admitPublicKey, 1, 0), placeOf(tagKeys(namedTag(tag, 'did:x:b')).admitPublicKey, 1, 0)];
    expect(others).not.toContain(here);
  });

  it.each([
    ['another slot', pointerKey(keys.admitPublicKey, 1, 3)],
    ['another epoch', pointerKey(keys.admitPublicKey, 2, 2)],
    ['another tag', pointerKey(tagKeys(randomKey()).admitPublicKey, 1, 2)],
    ['one hospital', pointerKey(tagKeys(namedTag(tag, 'did:x:b')).admitPublicKey, 1, 2)],
    ['no slot', key.subarray(0, PLACE_BYTES)],
  ])('is refused under the key of %s', async (_name, other) => {
    await expect(pointerKind.validate(other, value)).rejects.toEqual(refused);
  });

  it('is refused when any of it is changed', async () => {
    for (let position = 0; position < value.length; position += 97) {
      const changed = Uint8Array.from(value);
      changed[position] = (changed[position] as number) ^ 1;
      await expect(pointerKind.validate(key, changed)).rejects.toEqual(refused);
    }
  });

  it('is refused when one who has not the tag, or not the slot key, signed it', async () => {
    const good = decode(value);
    const stranger = decode(makePointerValue(tagKeys(randomKey()), ed25519Signer(randomKey()), place, sealed));
    await expect(pointerKind.validate(key, encode({ ...good }))).resolves.toBeDefined();
    await expect(pointerKind.validate(key, encode({ ...good, admitSignature: stranger.admitSignature }))).rejects.toEqual(refused);
    await expect(pointerKind.validate(key, encode({ ...good, slotSignature: stranger.slotSignature }))).rejects.toEqual(refused);
    await expect(pointerKind.validate(key, encode({ ...good, admitSignature: good.slotSignature, slotSignature: good.admitSignature }))).rejects.toEqual(refused);
  });

  it('has another owner when a member with the tag makes it: the storers keep it from the slot', async () => {
    const intruder = makePointerValue(keys, ed25519Signer(randomKey()), { ...place, sequence: place.sequence + 1 }, sealed);
    const [mine, theirs] = [await pointerKind.validate(key, value), await pointerKind.validate(key, intruder)];
    expect(theirs.owner).not.toBe(mine.owner);
  });

  it('is refused when it is something else', async () => {
    for (const other of [new Uint8Array(), encode({ hello: 'world' }), new Uint8Array(100_000)]) await expect(pointerKind.validate(key, other)).rejects.toEqual(refused);
    const outer = decode(value);
    const body = decodeWire(z.record(z.string(), z.unknown()), outer['body'] as Uint8Array, 8_192);
    await expect(pointerKind.validate(key, encode({ ...outer, body: encode({ ...body, version: 1 }) }))).rejects.toEqual(refused);
  });
});

describe('what is inside the seal', () => {
  it('opens with the tag alone', () => {
    expect(openContent(keys.sealKey, readPointerValue(key, value).sealed)).toEqual(content);
    expect(() => openContent(tagKeys(randomKey()).sealKey, sealed)).toThrow(expect.objectContaining({ code: 'OPEN_FAILED' }));
  });

  it('is nothing where a pointer was taken back, for those with the tag and for the one it was for', async () => {
    const nothing = sealNothing(keys.sealKey);
    expect(openContent(keys.sealKey, nothing)).toBeUndefined();
    expect(await openNamedContent(keys.sealKey, key, [generateRecipientSeed()], nothing)).toBeUndefined();
  });

  it('sealed to a hospital opens with its keys of today and before, at its place, and for nobody else who has the tag', async () => {
    const [own, former, stranger] = [generateRecipientSeed(), generateRecipientSeed(), generateRecipientSeed()];
    const named = await sealContent({ sealKey: keys.sealKey, recipient: { publicKey: await recipientPublicKey(former), place: key } }, content);
    expect(await openNamedContent(keys.sealKey, key, [own, former], named)).toEqual(content);
    expect(await openNamedContent(keys.sealKey, key, [former], named)).toEqual(content);
    await expect(openNamedContent(keys.sealKey, key, [own, stranger], named)).rejects.toMatchObject({ code: 'RECIPIENT_OPEN_FAILED' });
    await expect(openNamedContent(keys.sealKey, key, [], named)).rejects.toMatchObject({ code: 'RECIPIENT_OPEN_FAILED' });
    await expect(openNamedContent(keys.sealKey, pointerKey(keys.admitPublicKey, 1, 3), [former], named)).rejects.toMatchObject({ code: 'RECIPIENT_OPEN_FAILED' });
    await expect(openNamedContent(tagKeys(randomKey()).sealKey, key, [former], named)).rejects.toMatchObject({ code: 'OPEN_FAILED' });
  });
});

describe('slotOrder', () => {
  it('visits every slot once, the same order every time, and differs between owners', () => {
    const seeds = Array.from({ length: 400 }, (_, index) => new Uint8Array(32).fill(index % 256).fill(index >> 8, 0, 1));
    const orders = seeds.map(slotOrder);
    for (const order of orders) expect([...order].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(slotOrder(seeds[7] as Uint8Array)).toEqual(orders[7]);
    expect(new Set(orders.map((order) => order.join())).size).toBe(32);
  });
});
