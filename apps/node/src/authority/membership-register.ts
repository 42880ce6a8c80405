import type { MembershipState, MembershipStore, StoredMembership } from '@carecord/storage';
import type { Page } from '../graphql/common/input-schemas.ts';

/** Shows people whom the authority knows. */
export class MembershipRegister {
  constructor(private readonly memberships: Pick<MembershipStore, 'list'>) {}

  /** One page, and the cursor of the next one. */
  async page(states: readonly MembershipState[] | undefined, { first, after }: Page): Promise<{ readonly entries: readonly StoredMembership[]; readonly nextCursor: string | null }> {
    const offset = after ?? 0;
    const found = await this.memberships.list({ ...(states === undefined ? {} : { states }), offset, limit: first + 1 });
    return { entries: found.slice(0, first), nextCursor: found.length > first ? String(offset + first) : null };
  }
}
