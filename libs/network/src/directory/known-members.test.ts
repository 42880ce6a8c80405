import { describe, expect, it } from '@jest/globals';
import { IdentityError } from '@carecord/identity';
import type { ResolvedDid } from '@carecord/identity';
import { ManualClock } from '../../../testkit/src/manual-clock.ts';
import { valueRefused } from '../network-error.ts';
import type { Member } from '../ports.ts';
import type { Advert } from '../values/advert.ts';
import type { StoredValue } from '../values/value-store-port.ts';
import { KnownMembers } from './known-members.ts';

const DID = 'did:webvh:x:a.example';
const version = (versionNumber: number): ResolvedDid => ({ did: DID, versionNumber }) as ResolvedDid;
const member = { did: DID, name: 'by handshake', resolved: version(2) } as Member;
const advert = (name: string): Advert => ({ did: DID, name, resolved: version(2) }) as Advert;

function knownBy(has: { proven?: Member[]; seen?: Advert; stored?: () => Promise<Advert>; newest?: () => Promise<ResolvedDid | undefined> }) {
  return new KnownMembers({
    registry: { peersOf: () => has.proven ?? [] },
    adverts: { known: () => has.seen, open: () => has.stored?.() ?? Promise.reject(new Error('There is none.')) },
    store: { read: ([place]) => Promise.resolve(has.stored === undefined || place === undefined ? [] : [{ ...place, value: new Uint8Array(1) } as StoredValue]) },
    histories: { known: () => has.newest?.() ?? Promise.resolve(undefined) },
    clock: new ManualClock(),
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

  it('has the newest keys of a member, wherever they were seen', async () => {
    expect(await knownBy({ seen: advert('seen'), newest: () => Promise.resolve(version(3)) }).here(DID)).toMatchObject({ name: 'seen', resolved: { versionNumber: 3 } });
    expect(await knownBy({ proven: [member], newest: () => Promise.resolve(version(1)) }).here(DID)).toBe(member);
  });

  it('knows no member whose DID was deactivated', async () => {
    const newest = (): Promise<never> => Promise.reject(new IdentityError('DID_DEACTIVATED', 'Deactivated.'));
    expect(await knownBy({ seen: advert('seen'), newest }).here(DID)).toBeUndefined();
    const broken = (): Promise<never> => Promise.reject(new Error('No database.'));
    await expect(knownBy({ seen: advert('seen'), newest: broken }).here(DID)).rejects.toThrow('No database.');
  });

  it('does not take a store that fails for one without an advert', async () => {
    await expect(knownBy({ stored: () => Promise.reject(new Error('No database.')) }).here(DID)).rejects.toThrow('No database.');
  });
});
