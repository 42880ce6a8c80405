import { describe, expect, it } from '@jest/globals';
import { randomKey } from '@carecord/crypto';
import { NetworkError } from '@carecord/network';
import type { KnownMember } from '@carecord/network';
import { Audiences } from './audiences.ts';
import { HospitalKeys } from './keys.ts';

const KNOWN = { did: 'did:example:known' } as KnownMember;

describe('the hospitals that pointers are sealed to', () => {
  it('are known each for itself: one that the network fails to look for, or does not find, holds up no other', async () => {
    const failure = new NetworkError('UNREACHABLE', 'No.');
    const knownMember = (did: string): Promise<KnownMember | undefined> => {
      if (did === KNOWN.did) return Promise.resolve(KNOWN);
      return did === 'did:example:failing' ? Promise.reject(failure) : Promise.resolve(undefined);
    };
    const audiences = new Audiences(new HospitalKeys(randomKey()), { did: 'did:example:own', knownMember });
    const memberOf = await audiences.membersOf([KNOWN.did, 'did:example:failing', 'did:example:nobody', KNOWN.did]);
    expect(memberOf(KNOWN.did)).toBe(KNOWN);
    expect(() => memberOf('did:example:failing')).toThrow(expect.objectContaining({ code: 'RECIPIENT_UNKNOWN', cause: failure }));
    expect(() => memberOf('did:example:nobody')).toThrow(expect.objectContaining({ code: 'RECIPIENT_UNKNOWN' }));
  });
});
