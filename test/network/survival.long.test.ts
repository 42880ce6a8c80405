import { describe, it } from '@jest/globals';
import { survive } from '../support/network-process/survival.ts';

const TIMEOUT = 900_000;

describe('thirty-two real hosts with a thousand values', () => {
  it('keep at least 99% readable when six die at once, and restore five copies in one repair', () => survive({ hosts: 32, killed: 6, seed: 'a fifth of thirty-two' }), TIMEOUT);

  it('keep at least 99% readable when thirteen die at once, and restore five copies in one repair', () => survive({ hosts: 32, killed: 13, seed: 'two fifths of thirty-two' }), TIMEOUT);

  it('keep at least 99% readable when six stand still with open connections before they die', () => survive({ hosts: 32, killed: 6, seed: 'a fifth of thirty-two stands still', frozenFirst: true }), TIMEOUT);
});
