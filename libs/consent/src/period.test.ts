import { describe, expect, it } from '@jest/globals';
import { readPeriod } from './period.ts';

const at = (text: string): number => new Date(text).getTime();

describe('a FHIR period', () => {
  it.each([
    ['a day to a day, both inclusive, in UTC', { start: '2026-03-01', end: '2026-03-02' }, '2026-03-01T00:00:00Z', '2026-03-03T00:00:00Z'],
    ['one day', { start: '2026-03-01', end: '2026-03-01' }, '2026-03-01T00:00:00Z', '2026-03-02T00:00:00Z'],
    ['a month', { start: '2026-12', end: '2026-12' }, '2026-12-01T00:00:00Z', '2027-01-01T00:00:00Z'],
    ['a year', { start: '2024', end: '2024' }, '2024-01-01T00:00:00Z', '2025-01-01T00:00:00Z'],
    ['a leap day', { start: '2024-02-29', end: '2024-02-29' }, '2024-02-29T00:00:00Z', '2024-03-01T00:00:00Z'],
    ['seconds', { start: '2026-03-01T10:00:00Z', end: '2026-03-01T11:00:00Z' }, '2026-03-01T10:00:00Z', '2026-03-01T11:00:01Z'],
    ['milliseconds', { start: '2026-03-01T10:00:00.500Z', end: '2026-03-01T11:00:00.250Z' }, '2026-03-01T10:00:00.500Z', '2026-03-01T11:00:00.251Z'],
    ['a tenth of a second', { start: '2026-03-01T10:00:00.5Z', end: '2026-03-01T10:00:00.5Z' }, '2026-03-01T10:00:00.500Z', '2026-03-01T10:00:00.600Z'],
    ['a zone east', { start: '2026-03-01T00:30:00+02:00', end: '2026-03-01' }, '2026-02-28T22:30:00Z', '2026-03-02T00:00:00Z'],
    ['a zone west', { start: '2026-03-01T23:30:00-05:30', end: '2026-03-03' }, '2026-03-02T05:00:00Z', '2026-03-04T00:00:00Z'],
  ])('%s', (_name, period, from, until) => {
    expect(readPeriod(period)).toEqual({ from: at(from), until: at(until) });
  });

  it('may be open at one end', () => {
    expect(readPeriod({ start: '2026-03-01' })).toEqual({ from: at('2026-03-01'), until: undefined });
    expect(readPeriod({ end: '2026-03-01' })).toEqual({ from: undefined, until: at('2026-03-02') });
    expect(readPeriod({ start: '2026', end: '9999-12-31' })).toEqual({ from: at('2026-01-01'), until: undefined });
  });

  it.each([
    ['neither end', {}],
    ['the end before the start', { start: '2026-03-02', end: '2026-03-01' }],
    ['an impossible day', { start: '2026-02-30' }],
    ['an impossible month', { start: '2026-13' }],
    ['an impossible hour', { start: '2026-03-01T24:00:00Z' }],
    ['an impossible zone', { start: '2026-03-01T10:00:00+15:00' }],
    ['a time without a zone', { start: '2026-03-01T10:00:00' }],
    ['a time without seconds', { start: '2026-03-01T10:00Z' }],
    ['finer than milliseconds', { start: '2026-03-01T10:00:00.1234Z' }],
    ['a two-digit year', { start: '0026' }],
    ['a number', { start: 2026 }],
    ['another element', { start: '2026', _end: {} }],
    ['a list', ['2026']],
    ['nothing', null],
  ])('is not understood with %s', (_name, period) => {
    expect(readPeriod(period)).toBeUndefined();
  });
});
