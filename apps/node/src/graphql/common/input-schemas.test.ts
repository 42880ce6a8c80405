import { describe, expect, it } from '@jest/globals';
import { idSchema, identifierSchema, textSchema } from './input-schemas.ts';

describe('arguments', () => {
  it('take an id in either case, and mean the same', () => {
    const id = '01a1fd42-c3f1-7316-a6aa-7b10f4415085';
    expect(idSchema.parse(id.toUpperCase())).toBe(id);
    expect(idSchema.parse(id)).toBe(id);
    expect(idSchema.safeParse(`${id}0`).success).toBe(false);
  });

  it.each(['a\0b', 'a\ud800', '\udc00b'])('refuse what is no text', (text) => {
    expect(textSchema.safeParse(text).success).toBe(false);
    expect(identifierSchema.safeParse({ system: 'urn:x', value: text }).success).toBe(false);
  });

  it('take any other text', () => {
    expect(textSchema.parse('Zoë 𝄞')).toBe('Zoë 𝄞');
    expect(identifierSchema.parse({ system: ' urn:x ', value: ' 1 ' })).toEqual({ system: 'urn:x', value: '1' });
  });
});
