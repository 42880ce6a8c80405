import { z } from 'zod';
import type { StaffRole } from '../authorisation/roles.ts';
import { OpenIdError } from './openid-error.ts';
import type { OpenIdSettings } from './openid-settings.ts';

/** How far the provider's clock may be from ours. */
export const PROVIDER_CLOCK_SKEW_SECONDS = 30;
/** OpenID Connect Core 1.0, section 2: a subject has at most 255 characters. */
export const MAX_SUBJECT_LENGTH = 255;
/** Values of a role claim looked at: groups of a large directory come in hundreds, not thousands. */
const MAX_ROLE_VALUES = 2_000;

/** Who somebody is at the provider. Lone surrogates become one and the same character when they are encoded: two people would be one. */
export const subjectSchema = z.string().min(1).max(MAX_SUBJECT_LENGTH).refine((sub) => sub.isWellFormed());

/** What we read of an ID token whose signature, issuer, audience, times and nonce have been checked. */
export const idTokenClaimsSchema = z.looseObject({
  iss: z.string().min(1).max(2_000),
  sub: subjectSchema,
  auth_time: z.number().int().nonnegative().optional(),
  acr: z.string().max(1_000).optional(),
  amr: z.array(z.string().max(200)).max(50).optional(),
  preferred_username: z.string().max(1_000).optional(),
});

export type IdTokenClaims = z.infer<typeof idTokenClaimsSchema>;

/**
 * The one role that the claims give.
 * @throws OpenIdError `OPENID_ROLE_REFUSED` when it is none or more than one
 */
export function roleOf(claims: IdTokenClaims, { roleClaim, roles }: Pick<OpenIdSettings, 'roleClaim' | 'roles'>): StaffRole {
  const found = valueAt(claims, roleClaim);
  const values = (Array.isArray(found) ? found : [found]).slice(0, MAX_ROLE_VALUES);
  const [role, ...more] = new Set(values.flatMap((value) => (typeof value === 'string' ? (roles.get(value) ?? []) : [])));
  if (role === undefined || more.length > 0) {
    throw new OpenIdError('OPENID_ROLE_REFUSED', "The hospital's sign-in service gives you no role here, or more than one: ask who manages it.");
  }
  return role;
}

/**
 * Whether the person proved well enough, and lately enough, who they are.
 * @param notBefore the person must have signed in at the provider since then
 * @throws OpenIdError `OPENID_AUTHENTICATION_WEAK` or `OPENID_AUTHENTICATION_OLD`
 */
export function checkAuthentication(
  { acr, amr = [], auth_time: authTime }: IdTokenClaims,
  { requiredAcr, requiredAmr }: Pick<OpenIdSettings, 'requiredAcr' | 'requiredAmr'>,
  notBefore: Date,
): void {
  const strong = (requiredAcr.length === 0 || (acr !== undefined && requiredAcr.includes(acr))) && (requiredAmr.length === 0 || amr.some((method) => requiredAmr.includes(method)));
  if (!strong) throw new OpenIdError('OPENID_AUTHENTICATION_WEAK', 'Sign in with a second factor at the sign-in service of the hospital.');
  if (authTime === undefined || (authTime + PROVIDER_CLOCK_SKEW_SECONDS) * 1000 < notBefore.getTime()) {
    throw new OpenIdError('OPENID_AUTHENTICATION_OLD', 'You signed in at the sign-in service of the hospital too long ago: sign in there again.');
  }
}

/** A member by its name, which may hold any character, or by a JSON Pointer (RFC 6901), which begins with a slash. */
function valueAt(claims: IdTokenClaims, place: string): unknown {
  const names = place.startsWith('/') ? place.slice(1).split('/').map((name) => name.replaceAll('~1', '/').replaceAll('~0', '~')) : [place];
  return names.reduce<unknown>((value, name) => (typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined), claims);
}
