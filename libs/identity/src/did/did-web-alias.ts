import { IdentityError } from '../identity-error.ts';

const DID_WEBVH = /^did:webvh:[^:]+:(.+)$/;

/**
 * The did:web at the same place as a did:webvh (did:webvh 1.0, "Publishing a Parallel did:web DID").
 * @throws IdentityError `DID_INVALID`
 */
export function didWebOf(did: string): string {
  const location = DID_WEBVH.exec(did)?.[1];
  if (location === undefined) throw new IdentityError('DID_INVALID', 'Not a did:webvh.');
  return `did:web:${location}`;
}

/** The document of a did:webvh, as its did:web alias says it: its own names replaced, and the did:webvh named as another name. */
export function aliasDocument(did: string, document: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const alias = didWebOf(did);
  const renamed = rename(document, did, alias) as Record<string, unknown>;
  const others = Array.isArray(document['alsoKnownAs']) ? document['alsoKnownAs'].filter((name) => name !== alias && name !== did) : [];
  return { ...renamed, alsoKnownAs: [did, ...(others as unknown[])] };
}

/** Replaces a DID by another wherever it stands alone or begins a DID URL. */
function rename(value: unknown, from: string, to: string): unknown {
  if (typeof value === 'string') return value === from || (value.startsWith(from) && '#/?'.includes(value.charAt(from.length))) ? to + value.slice(from.length) : value;
  if (Array.isArray(value)) return value.map((element) => rename(element, from, to));
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, rename(member, from, to)]));
  return value;
}
