import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { frame } from './framing.ts';
import { hashWithContext, keyedToken, sha256 } from './hash.ts';
import { constantTimeEqual, deriveKey, hkdfSha256, randomKey } from './keys.ts';

const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');
const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'));
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe('sha256 (FIPS 180-4)', () => {
  it('gives the digest of "abc", whole or in parts', () => {
    const expected = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    expect(hex(sha256(text('abc')))).toBe(expected);
    expect(hex(sha256(text('a'), text('bc')))).toBe(expected);
  });
});

describe('short and long messages', () => {
  it.each([0, 1, 64, 4_095, 4_096, 4_097, 20_000])('of %d bytes have the hash that OpenSSL gives them part by part', (length) => {
    const message = new Uint8Array(length).map((_, at) => at);
    const whole = createHash('sha256').update(message).digest('hex');
    expect(hex(sha256(message))).toBe(whole);
    expect(hex(sha256(message.subarray(0, 10), message.subarray(10)))).toBe(whole);
    const framed = createHash('sha256').update(frame('carecord/v1/x', message, 'é')).digest('hex');
    expect(hex(hashWithContext('x', message, 'é'))).toBe(framed);
  });
});

describe('HKDF-SHA256 (RFC 5869, appendix A)', () => {
  it('test case 1', () => {
    const okm = hkdfSha256(fromHex('0b'.repeat(22)), fromHex('000102030405060708090a0b0c'), fromHex('f0f1f2f3f4f5f6f7f8f9'), 42);
    expect(hex(okm)).toBe('3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865');
  });

  it('test case 3: empty salt, as deriveKey has it', () => {
    const okm = hkdfSha256(fromHex('0b'.repeat(22)), new Uint8Array(), new Uint8Array(), 42);
    expect(hex(okm)).toBe('8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8');
  });
});

describe('hashWithContext, keyedToken, deriveKey', () => {
  it('differ when the parts are cut elsewhere, or the context differs', () => {
    const key = randomKey();
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1, maxLength: 4 }), fc.array(fc.string(), { minLength: 1, maxLength: 4 }), (one, other) => {
        const same = JSON.stringify(one) === JSON.stringify(other);
        expect(hex(hashWithContext('x', ...one)) === hex(hashWithContext('x', ...other))).toBe(same);
        expect(hex(keyedToken(key, 'x', ...one)) === hex(keyedToken(key, 'x', ...other))).toBe(same);
        expect(hashWithContext('x', ...one)).not.toEqual(hashWithContext('y', ...one));
      }),
    );
    expect(hashWithContext('x', 'ab', 'c')).not.toEqual(hashWithContext('x', 'a', 'bc'));
  });

  it('take a text as its UTF-8 bytes', () => {
    expect(hashWithContext('x', 'é')).toEqual(hashWithContext('x', text('é')));
  });

  it('give another key for another context or secret, and the same again', () => {
    const secret = randomKey();
    expect(deriveKey(secret, 'a')).toEqual(deriveKey(secret, 'a'));
    expect(deriveKey(secret, 'a')).not.toEqual(deriveKey(secret, 'b'));
    expect(deriveKey(secret, 'a')).not.toEqual(deriveKey(randomKey(), 'a'));
    expect(deriveKey(secret, 'a')).toHaveLength(32);
    expect(keyedToken(secret, 'a')).not.toEqual(keyedToken(randomKey(), 'a'));
  });
});

describe('constantTimeEqual', () => {
  it('is equality, also for different lengths', () => {
    expect(constantTimeEqual(text('abc'), text('abc'))).toBe(true);
    expect(constantTimeEqual(text('abc'), text('abd'))).toBe(false);
    expect(constantTimeEqual(text('abc'), text('ab'))).toBe(false);
  });
});
