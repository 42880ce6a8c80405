import { describe, expect, it } from '@jest/globals';
import type { KnownMember } from '../ports.ts';
import { findByRole } from './members-by-role.ts';
import type { RoleSources } from './members-by-role.ts';

const member = (did: string, ...roles: string[]): KnownMember => ({ did, roles }) as unknown as KnownMember;

describe('findByRole', () => {
  const searched: string[] = [];
  const sources = (changes: Partial<RoleSources> = {}): RoleSources => ({
    connected: [member('did:a', 'hospital'), member('did:own', 'hospital')],
    advertised: [member('did:a', 'guardian'), member('did:b', 'hospital', 'guardian')],
    trusted: [{ did: 'did:authority' }, { did: 'did:gone' }, { did: 'did:own' }],
    find: (did) => {
      searched.push(did);
      return Promise.resolve(did === 'did:authority' ? member(did, 'authority') : undefined);
    },
    ...changes,
  });
  const find = async (role: 'hospital' | 'guardian' | 'authority', changes?: Partial<RoleSources>): Promise<string[]> => (await findByRole(role, 'did:own', sources(changes))).map(({ did }) => did);

  it('finds the others that have the role by their membership, a handshake before an advert', async () => {
    expect(await find('hospital')).toEqual(['did:a', 'did:b']);
    expect(await find('guardian')).toEqual(['did:b']);
    expect(searched).toEqual([]);
  });

  it('searches the authorities that nobody has met, but for us', async () => {
    expect(await find('authority')).toEqual(['did:authority']);
    expect(searched.sort()).toEqual(['did:authority', 'did:gone']);
  });

  it('takes nobody for an authority that is trusted as one and is a member without that role', async () => {
    expect(await find('authority', { find: (did) => Promise.resolve(member(did, 'hospital')) })).toEqual([]);
  });
});
