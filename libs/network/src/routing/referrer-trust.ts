/** A member's word counts for nothing in a lookup when so many more of those that it named were not there than were. */
const DISCREDITED = 5;

/** What became, within one lookup, of those whom a member named. */
export class ReferrerTrust {
  private readonly balance = new Map<string, number>();

  /** Somebody whom these had named answered. */
  proved(referrers: Iterable<string>): void {
    for (const did of referrers) this.balance.set(did, (this.balance.get(did) ?? 0) + 1);
  }

  /** Somebody whom these had named was not there. */
  failed(referrers: Iterable<string>): void {
    for (const did of referrers) this.balance.set(did, (this.balance.get(did) ?? 0) - 1);
  }

  /** Whether nobody among them named members that are there. */
  areDiscredited(referrers: ReadonlySet<string>): boolean {
    return referrers.size > 0 && [...referrers].every((did) => (this.balance.get(did) ?? 0) <= -DISCREDITED);
  }
}
