import type { Page } from './input-schemas.ts';

/** The entries of one page of a list that is at hand as a whole, and the cursor of the next one. */
export function pageOf<Entry>(entries: readonly Entry[], page: Page): { readonly entries: Entry[]; readonly nextCursor: string | null } {
  const start = page.after ?? 0;
  const end = start + page.first;
  return { entries: entries.slice(start, end), nextCursor: end < entries.length ? String(end) : null };
}
