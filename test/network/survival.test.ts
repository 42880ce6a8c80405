import { describe, it } from '@jest/globals';
import { survive } from '../support/network-process/survival.ts';

const TIMEOUT = 400_000;

describe('sixteen real hosts with a thousand values', () => {
  it('keep at least 99% readable when three die at once, and restore five copies in one repair', () => survive({ hosts: 16, killed: 3, seed: 'a fifth of sixteen' }), TIMEOUT);

  it('keep at least 99% readable when six die at once, and restore five copies in one repair', () => survive({ hosts: 16, killed: 6, seed: 'two fifths of sixteen' }), TIMEOUT);
});
