import { describe, expect, it } from '@jest/globals';
import { bytesText, countText, spanText } from './amounts.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('amounts for a person', () => {
  it.each([
    [0, '0 ms'], [1.26, '1.3 ms'], [9.99, '10 ms'], [12.4, '12 ms'], [999, '999 ms'], [1_000, '1 s'], [119_999, '119 s'], [2 * MINUTE, '2 min'], [119 * MINUTE, '119 min'], [2 * HOUR, '2 h'], [47 * HOUR, '47 h'], [48 * HOUR, '2 d'],
  ])('says the span of %d milliseconds', (milliseconds, text) => {
    expect(spanText(milliseconds)).toBe(text);
  });

  it.each([[0, '0 B'], [1_023, '1023 B'], [1_024, '1.0 KiB'], [1_536, '1.5 KiB'], [5_000_000_000, '4.7 GiB'], [2 ** 60, '1048576.0 TiB']])('says the size of %d bytes', (bytes, text) => {
    expect(bytesText(bytes)).toBe(text);
  });

  it('says a count', () => {
    expect([0, 999, 1_000, 12_345_678].map(countText)).toEqual(['0', '999', '1,000', '12,345,678']);
  });
});
