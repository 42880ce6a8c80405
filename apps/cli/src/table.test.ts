import { describe, expect, it } from '@jest/globals';
import { table } from './table.ts';

describe('a table', () => {
  it('has columns as wide as their widest cell, numbers at the end of theirs, and no blanks at the end of a line', () => {
    expect(table(['NAME', 'COUNT', 'AGE', 'DID'], [['Alder', '1,234', '3 s', 'did:a'], ['Birch General', '7', '-', '']])).toBe(
      ['NAME           COUNT  AGE  DID', 'Alder          1,234  3 s  did:a', 'Birch General      7    -', ''].join('\n'),
    );
  });

  it('has its headings alone when there is nothing', () => {
    expect(table(['NAME', 'COUNT'], [])).toBe('NAME  COUNT\n');
  });
});
