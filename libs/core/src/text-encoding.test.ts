import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { base64UrlSchema, fromBase64Url, toBase64Url, toHex } from './text-encoding.ts';

describe('bytes as text', () => {
  it('come back from base64url, which the schema accepts up to its limit in bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (value) => {
        const text = toBase64Url(value);
        expect(fromBase64Url(text)).toEqual(value);
        expect(base64UrlSchema({ atMost: value.length }).safeParse(text).success).toBe(true);
        if (value.length > 0) expect(base64UrlSchema({ atMost: value.length - 1 }).safeParse(text).success).toBe(false);
      }),
    );
  });

  it.each(['a=', 'a+b', 'a/b', 'a b', 'é'])('are not %j', (text) => {
    expect(base64UrlSchema({ atMost: 8 }).safeParse(text).success).toBe(false);
  });

  it('are lower-case hexadecimal digits', () => {
    expect(toHex(Uint8Array.of(0, 0xab, 0xff))).toBe('00abff');
  });
});
