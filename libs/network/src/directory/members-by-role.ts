import type { MemberRole } from '@carecord/identity';
import type { KnownMember } from '../ports.ts';
import { forEachAtMost } from '../values/at-most.ts';

/** Authorities that are searched at once. */
const AT_ONCE = 4;

/** Where {@link findByRole} looks. */
export interface RoleSources {
  readonly connected: readonly KnownMember[];
  /** Adverts that were verified here. */
  readonly advertised: readonly KnownMember[];
  /** The DIDs that the network trusts as authorities: they are searched although nobody has met them. */
  readonly trusted: readonly { readonly did: string }[];
  readonly find: (did: string) => Promise<KnownMember | undefined>;
}

/** The members but us that have a role by their membership: those that are known here, and the network's authorities wherever they are. */
export async function findByRole(role: MemberRole, ownDid: string, { connected, advertised, trusted, find }: RoleSources): Promise<KnownMember[]> {
  const byDid = new Map([...advertised, ...connected].map((member) => [member.did, member]));
  byDid.delete(ownDid);
  const unmet = role === 'authority' ? trusted.filter(({ did }) => did !== ownDid && !byDid.has(did)) : [];
  await forEachAtMost(AT_ONCE, unmet, async ({ did }) => {
    const found = await find(did);
    if (found !== undefined) byDid.set(did, found);
  });
  return [...byDid.values()].filter(({ roles }) => roles.includes(role)).sort((one, other) => one.did.localeCompare(other.did));
}
