import { describe, expect, it } from '@jest/globals';
import { AdmissionTickets } from './admission-tickets.ts';

const ONE = 'did:webvh:QmOne:one.example';
const TWO = 'did:webvh:QmTwo:two.example';

describe('AdmissionTickets', () => {
  it('are none at first', () => {
    expect(AdmissionTickets.none.for(ONE)).toBeUndefined();
  });

  it.each(['a-ticket', '  a-ticket\n', 'a-ticket\r\n'])('may be one for whichever authority asks: %j', (text) => {
    const tickets = AdmissionTickets.parse(text);
    expect([tickets?.for(ONE), tickets?.for(TWO)]).toEqual(['a-ticket', 'a-ticket']);
  });

  it.each([`${ONE} first\n${TWO} second`, `  ${ONE}\tfirst \r\n\r\n ${TWO}   second\r\n`])('may be one for each authority, and none for others: %j', (text) => {
    const tickets = AdmissionTickets.parse(text);
    expect([tickets?.for(ONE), tickets?.for(TWO), tickets?.for('did:webvh:QmThree:three.example')]).toEqual(['first', 'second', undefined]);
  });

  it.each(['', 'two words', 'first\nsecond', `${ONE} first\nsecond`, `${ONE} first second`, `one.example first`, `${ONE} first\n${TWO}`, 'x'.repeat(257), `${ONE} ${'x'.repeat(257)}`])('are refused: %j', (text) => {
    expect(AdmissionTickets.parse(text)).toBeUndefined();
  });

  it('are taken up to the length that an application may hold', () => {
    expect(AdmissionTickets.parse('x'.repeat(256))?.for(ONE)).toHaveLength(256);
  });
});
