import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MAX_WRAPPED_SECRET_BYTES } from '@carecord/keys';
import type { KeyHolder, KeysErrorCode, WrappedKey } from '@carecord/keys';
import fc from 'fast-check';

/** A holder that begins empty, and that several processes could open. */
export interface KeyHolderPlace {
  open(): Promise<KeyHolder>;
  remove(): Promise<void>;
}

/** Each run is a few calls to a token or a server. */
const RUNS = { numRuns: 20 };
const CONTEXT = 'testkit/secret';
const BINDING = new TextEncoder().encode('thing-1');

const secrets = fc.uint8Array({ minLength: 1, maxLength: 100 });
const bindings = fc.uint8Array({ maxLength: 100 });
const refusal = (code: KeysErrorCode): unknown => expect.objectContaining({ name: 'KeysError', code });

/**
 * What every {@link KeyHolder} does.
 * @param makePlace a place with an empty holder, fresh for every test
 */
export function describeKeyHolder(name: string, makePlace: () => Promise<KeyHolderPlace>): void {
  describe(`KeyHolder: ${name}`, () => {
    let place: KeyHolderPlace;
    let holder: KeyHolder;
    beforeEach(async () => {
      place = await makePlace();
      holder = await place.open();
    });
    afterEach(async () => {
      await holder.close();
      await place.remove();
    });

    const wrap = (secret: Uint8Array): Promise<WrappedKey> => holder.wrap(secret, CONTEXT, BINDING);
    const unwrap = (wrapped: WrappedKey, from = holder): Promise<Uint8Array> => from.unwrap(wrapped, CONTEXT, BINDING);

    it('begins empty, answers, and wraps nothing until there is a root key', async () => {
      expect(await holder.rootKeyIds()).toEqual([]);
      await holder.check();
      await expect(wrap(secret(1))).rejects.toEqual(refusal('ROOT_KEY_UNKNOWN'));
      await expect(unwrap({ rootKeyId: 'root-1', ciphertext: new Uint8Array(60) })).rejects.toEqual(refusal('ROOT_KEY_UNKNOWN'));
      await expect(holder.destroyRootKey('root-1')).rejects.toEqual(refusal('ROOT_KEY_UNKNOWN'));
    });

    it('wraps under the newest root key, and opens what older ones wrapped', async () => {
      expect(await holder.createRootKey()).toBe('root-1');
      const old = await wrap(secret(1));
      expect(await holder.createRootKey()).toBe('root-2');
      const recent = await wrap(secret(2));
      expect([old.rootKeyId, recent.rootKeyId, await holder.rootKeyIds()]).toEqual(['root-1', 'root-2', ['root-1', 'root-2']]);
      expect([await unwrap(old), await unwrap(recent)]).toEqual([secret(1), secret(2)]);
      await holder.check();
    });

    it('opens any secret for its context and binding, and for no other', async () => {
      await holder.createRootKey();
      const property = fc.asyncProperty(secrets, fc.string(), bindings, fc.string(), bindings, async (value, context, binding, otherContext, otherBinding) => {
        const wrapped = await holder.wrap(value, context, binding);
        expect(await holder.unwrap(wrapped, context, binding)).toEqual(value);
        const same = context === otherContext && Buffer.compare(binding, otherBinding) === 0;
        const other = holder.unwrap(wrapped, otherContext, otherBinding);
        await (same ? expect(other).resolves.toEqual(value) : expect(other).rejects.toEqual(refusal('UNWRAP_FAILED')));
        await expect(holder.unwrap(wrapped, `${context}x`, binding)).rejects.toEqual(refusal('UNWRAP_FAILED'));
        await expect(holder.unwrap(wrapped, context, Uint8Array.of(...binding, 0))).rejects.toEqual(refusal('UNWRAP_FAILED'));
      });
      await fc.assert(property, RUNS);
    });

    it('opens nothing of which any bit was flipped, that was cut or made longer', async () => {
      await holder.createRootKey();
      const wrapped = await wrap(secret(1));
      const property = fc.asyncProperty(fc.nat(), async (position) => {
        const ciphertext = Uint8Array.from(wrapped.ciphertext);
        const bit = position % (ciphertext.length * 8);
        ciphertext[bit >> 3] = (ciphertext[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        await expect(unwrap({ ...wrapped, ciphertext })).rejects.toEqual(refusal('UNWRAP_FAILED'));
      });
      await fc.assert(property, RUNS);
      for (const length of [0, 1, 12, 28, wrapped.ciphertext.length - 1]) {
        await expect(unwrap({ ...wrapped, ciphertext: wrapped.ciphertext.subarray(0, length) })).rejects.toEqual(refusal('UNWRAP_FAILED'));
      }
      await expect(unwrap({ ...wrapped, ciphertext: new Uint8Array(5_000) })).rejects.toEqual(refusal('UNWRAP_FAILED'));
      expect(await unwrap(wrapped)).toEqual(secret(1));
    });

    it('never gives the same bytes twice, nor the secret among them', async () => {
      await holder.createRootKey();
      const [one, other] = [await wrap(secret(7)), await wrap(secret(7))];
      expect(one.ciphertext).not.toEqual(other.ciphertext);
      expect(Buffer.from(one.ciphertext).includes(Buffer.from(secret(7)))).toBe(false);
    });

    it('takes secrets up to a limit, and no empty one', async () => {
      await holder.createRootKey();
      const largest = new Uint8Array(MAX_WRAPPED_SECRET_BYTES).fill(9);
      expect(await unwrap(await wrap(largest))).toEqual(largest);
      await expect(wrap(Uint8Array.of(...largest, 9))).rejects.toEqual(refusal('SECRET_TOO_LARGE'));
      await expect(wrap(new Uint8Array())).rejects.toEqual(refusal('SECRET_SIZE'));
    });

    it('opens nothing under the name of another root key, known or not', async () => {
      await holder.createRootKey();
      const wrapped = await wrap(secret(1));
      await holder.createRootKey();
      await expect(unwrap({ ...wrapped, rootKeyId: 'root-2' })).rejects.toEqual(refusal('UNWRAP_FAILED'));
      for (const rootKeyId of ['root-3', 'root-0', 'root-01', 'root-999999', 'root-1 ', '', '__proto__', '../root-1']) {
        await expect(unwrap({ ...wrapped, rootKeyId })).rejects.toEqual(refusal('ROOT_KEY_UNKNOWN'));
      }
    });

    it('destroys the oldest root key for good: whatever lies under it opens never again', async () => {
      await holder.createRootKey();
      const lost = await Promise.all(fc.sample(secrets, 5).map(wrap));
      await holder.createRootKey();
      const kept = await wrap(secret(2));
      await holder.destroyRootKey('root-1');
      expect(await holder.rootKeyIds()).toEqual(['root-2']);
      for (const wrapped of lost) await expect(unwrap(wrapped)).rejects.toEqual(refusal('ROOT_KEY_UNKNOWN'));
      expect(await unwrap(kept)).toEqual(secret(2));
      await holder.destroyRootKey('root-1');
      expect(await holder.createRootKey()).toBe('root-3');
      for (const wrapped of lost) await expect(unwrap(wrapped)).rejects.toEqual(refusal('ROOT_KEY_UNKNOWN'));
    });

    it('destroys neither the newest root key, nor one before its turn, nor one that was never made', async () => {
      for (let made = 0; made < 3; made += 1) await holder.createRootKey();
      await expect(holder.destroyRootKey('root-3')).rejects.toEqual(refusal('ROOT_KEY_CURRENT'));
      await expect(holder.destroyRootKey('root-2')).rejects.toEqual(refusal('ROOT_KEY_NOT_OLDEST'));
      for (const never of ['root-4', 'root-0', '']) await expect(holder.destroyRootKey(never)).rejects.toEqual(refusal('ROOT_KEY_UNKNOWN'));
      expect(await holder.rootKeyIds()).toEqual(['root-1', 'root-2', 'root-3']);
      await holder.destroyRootKey('root-1');
      await holder.destroyRootKey('root-2');
      expect(await holder.rootKeyIds()).toEqual(['root-3']);
    });

    it('shows to everybody who opened it at once what one of them made or destroyed', async () => {
      const other = await place.open();
      await holder.createRootKey();
      expect(await other.rootKeyIds()).toEqual(['root-1']);
      const old = await wrap(secret(1));
      await other.createRootKey();
      expect((await wrap(secret(2))).rootKeyId).toBe('root-2');
      await other.destroyRootKey('root-1');
      await expect(unwrap(old)).rejects.toEqual(refusal('ROOT_KEY_UNKNOWN'));
      await other.close();
    });

    it('loses no key when several make one at once', async () => {
      const other = await place.open();
      const makers = [holder, other, holder, other].map(async (maker, value) => {
        await maker.createRootKey();
        return await maker.wrap(secret(value), CONTEXT, BINDING);
      });
      const wrapped = await Promise.all(makers);
      for (const opener of [holder, other]) {
        expect(await Promise.all(wrapped.map((one) => unwrap(one, opener)))).toEqual([0, 1, 2, 3].map(secret));
      }
      await other.close();
    });

    it('does many things at once', async () => {
      await holder.createRootKey();
      const values = Array.from({ length: 40 }, (_, index) => secret(index));
      const opened = await Promise.all(values.map(async (value) => unwrap(await wrap(value))));
      expect(opened).toEqual(values);
    });

    it('does nothing once it is closed', async () => {
      await holder.createRootKey();
      const wrapped = await wrap(secret(1));
      await holder.close();
      for (const work of [() => wrap(secret(1)), () => unwrap(wrapped), () => holder.rootKeyIds(), () => holder.createRootKey(), () => holder.check()]) {
        await expect(work()).rejects.toEqual(refusal('HOLDER_UNREACHABLE'));
      }
    });
  });
}

function secret(value: number): Uint8Array {
  return new Uint8Array(32).fill(value + 1);
}
