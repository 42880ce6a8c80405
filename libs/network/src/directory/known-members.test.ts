import { describe, expect, it } from '@jest/globals';
import { valueRefused } from '../network-error.ts';
import type { Member } from '../ports.ts';
import type { Advert } from '../values/advert.ts';
import { KnownMembers } from './known-members.ts';

const DID = 'did:webvh:x:a.example';
const member = { did: DID, name: 'by handshake' } as Member;
const advert = (name: string): Advert => ({ did: DID, name }) as Advert;

function knownBy(has: { proven?: Member[]; seen?: Advert; stored?: () => Promise<Advert> }) {
  return new KnownMembers({
    registry: { peersOf: () => has.proven ?? [] },
    adverts: { known: () => has.seen, open: () => has.stored?.() ?? Promise.reject(new Error('There is none.')) },
    guard: { localValue: () => Promise.resolve(has.stored === undefined ? undefined : new Uint8Array(1)) },
  });
}

describe('KnownMembers', () => {
  it('prefers a handshake to an advert, and one that was seen to one that is stored', async () => {
    const stored = () => Promise.resolve(advert('stored'));
    expect(await knownBy({ proven: [member], seen: advert('seen'), stored }).here(DID)).toBe(member);
    expect(await knownBy({ seen: advert('seen'), stored }).here(DID)).toMatchObject({ name: 'seen' });
    expect(await knownBy({ stored }).here(DID)).toMatchObject({ name: 'stored' });
  });

  it('knows nobody of whom there is nothing, or nothing that is still good', async () => {
    expect(await knownBy({}).here(DID)).toBeUndefined();
    expect(await knownBy({ stored: () => Promise.reject(valueRefused('Ended.')) }).here(DID)).toBeUndefined();
  });

  it('does not take a store that fails for one without an advert', async () => {
    await expect(knownBy({ stored: () => Promise.reject(new Error('No database.')) }).here(DID)).rejects.toThrow('No database.');
  });
});
