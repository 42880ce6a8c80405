import { createPrivateKey } from 'node:crypto';
import { z } from 'zod';
import { ROLES_OF_PEOPLE } from '../authorisation/roles.ts';
import type { StaffRole } from '../authorisation/roles.ts';
import type { ClientProof, OpenIdSettings } from './openid-settings.ts';
import { canSign } from './provider-signing-key.ts';

/** A shift: whoever signed in at the provider before it does so again. */
const DEFAULT_MAX_AGE_SECONDS = 10 * 60 * 60;
const MIN_SECRET_CHARACTERS = 16;
const ROLES: readonly string[] = ROLES_OF_PEOPLE.hospital;

const words = (text: string): string[] => text.split(',').map((word) => word.trim()).filter((word) => word !== '');

/** An http(s) address without query, fragment and credentials, and without the slash at its end. */
const address = (name: string, example: string): z.ZodType<string> =>
  z
    .string()
    .refine((text) => isPlainAddress(text), { error: `${name} must be an https:// address without query and fragment, for example ${example}.` });

const rolesSchema = z
  .string()
  .transform((text) => words(text).map((entry) => [entry.slice(0, entry.lastIndexOf('=')).trim(), entry.slice(entry.lastIndexOf('=') + 1).trim()] as const))
  .refine((entries) => entries.length > 0 && entries.every(([value, role]) => value !== '' && ROLES.includes(role)), {
    error: `CARECORD_OPENID_ROLES must hold value=role, separated by commas; the roles are ${ROLES.join(', ')}.`,
  })
  .refine((entries) => new Set(entries.map(([value]) => value)).size === entries.length, { error: 'CARECORD_OPENID_ROLES names a value twice.' })
  .transform((entries): ReadonlyMap<string, StaffRole> => new Map(entries as [string, StaffRole][]));

const listSchema = z.string().transform(words);

/** The variables of sign-in through the hospital's provider and of programs, each with the sentence that an operator reads. */
export const openIdVariables = {
  CARECORD_OPENID_ISSUER: address('CARECORD_OPENID_ISSUER', 'https://sign-in.hospital.example/realms/staff').optional(),
  CARECORD_OPENID_CLIENT_ID: z.string().max(500).optional(),
  CARECORD_OPENID_CLIENT_KEY_FILE: z.string().optional(),
  CARECORD_OPENID_CLIENT_KEY_ID: z.string().max(200).optional(),
  CARECORD_OPENID_CLIENT_SECRET_FILE: z.string().optional(),
  CARECORD_OPENID_SCOPE: z
    .string()
    .regex(/^openid( [\x21\x23-\x5B\x5D-\x7E]+)*$/, { error: 'CARECORD_OPENID_SCOPE must begin with openid, other scopes after it with one space between.' })
    .default('openid profile'),
  CARECORD_OPENID_ROLE_CLAIM: z.string().max(200).default('roles'),
  CARECORD_OPENID_ROLES: rolesSchema.optional(),
  CARECORD_OPENID_REQUIRED_ACR: listSchema.default([]),
  CARECORD_OPENID_REQUIRED_AMR: listSchema.default([]),
  CARECORD_OPENID_MAX_AGE_SECONDS: z
    .string()
    .regex(/^[1-9]\d{1,5}$/, { error: 'CARECORD_OPENID_MAX_AGE_SECONDS must be a number of seconds from 10 to 999999.' })
    .transform(Number)
    .default(DEFAULT_MAX_AGE_SECONDS),
  CARECORD_OPENID_CREATE_ACCOUNTS: z.enum(['0', '1'], { error: 'CARECORD_OPENID_CREATE_ACCOUNTS must be 0 or 1.' }).default('0').transform((value) => value === '1'),
  CARECORD_OPENID_RETURN_PATH: z
    .string()
    .regex(/^\/(?!\/)[A-Za-z0-9._~/-]*$/, { error: 'CARECORD_OPENID_RETURN_PATH must be a path under CARECORD_PUBLIC_URL, for example /app.' })
    .optional(),
};

/** The values of {@link openIdVariables}; a variable that is wrong by itself is absent. */
export type OpenIdVariables = Partial<z.infer<z.ZodObject<typeof openIdVariables>>> & { readonly CARECORD_PUBLIC_URL?: string | undefined };

/** The contents of the files that the variables name, trimmed. */
export interface OpenIdFiles {
  readonly clientKey: string | undefined;
  readonly clientSecret: string | undefined;
}

/**
 * The settings, or nothing when no provider is configured.
 * @param mistakes one sentence for each mistake is added here
 */
export function openIdSettings(variables: OpenIdVariables, files: OpenIdFiles, demo: boolean, mistakes: string[]): OpenIdSettings | undefined {
  const before = mistakes.length;
  const { CARECORD_PUBLIC_URL: publicUrl, CARECORD_OPENID_ISSUER: issuer, CARECORD_OPENID_CLIENT_ID: clientId, CARECORD_OPENID_ROLES: roles } = variables;
  if (issuer === undefined) {
    if (clientId !== undefined || roles !== undefined) mistakes.push('CARECORD_OPENID_ISSUER is missing: without it the other CARECORD_OPENID variables mean nothing.');
    return undefined;
  }
  if (publicUrl === undefined) mistakes.push('CARECORD_PUBLIC_URL is missing: the sign-in service sends browsers back there.');
  if (clientId === undefined) mistakes.push('CARECORD_OPENID_CLIENT_ID is missing: set it to the name of this node at the sign-in service.');
  if (roles === undefined) mistakes.push('CARECORD_OPENID_ROLES is missing: without it nobody who signs in has a role.');
  if (!demo && issuer.startsWith('http://')) mistakes.push('CARECORD_OPENID_ISSUER must be an https:// address outside demo mode.');
  if (!demo && publicUrl?.startsWith('http://') === true) mistakes.push('CARECORD_PUBLIC_URL must be an https:// address outside demo mode.');
  const proof = clientProof(files, variables.CARECORD_OPENID_CLIENT_KEY_ID, mistakes);
  if (mistakes.length > before || publicUrl === undefined || clientId === undefined || roles === undefined || proof === undefined) return undefined;
  return {
    issuer,
    clientId,
    proof,
    publicUrl,
    roles,
    returnPath: variables.CARECORD_OPENID_RETURN_PATH,
    scope: variables.CARECORD_OPENID_SCOPE ?? 'openid profile',
    roleClaim: variables.CARECORD_OPENID_ROLE_CLAIM ?? 'roles',
    requiredAcr: variables.CARECORD_OPENID_REQUIRED_ACR ?? [],
    requiredAmr: variables.CARECORD_OPENID_REQUIRED_AMR ?? [],
    maxAgeSeconds: variables.CARECORD_OPENID_MAX_AGE_SECONDS ?? DEFAULT_MAX_AGE_SECONDS,
    createAccounts: variables.CARECORD_OPENID_CREATE_ACCOUNTS ?? false,
  };
}

function clientProof({ clientKey, clientSecret }: OpenIdFiles, keyId: string | undefined, mistakes: string[]): ClientProof | undefined {
  if ((clientKey === undefined) === (clientSecret === undefined)) {
    mistakes.push('Set exactly one of CARECORD_OPENID_CLIENT_KEY_FILE and CARECORD_OPENID_CLIENT_SECRET_FILE.');
    return undefined;
  }
  if (clientKey !== undefined) {
    if (isUsableKey(clientKey)) return { kind: 'private-key', pem: clientKey, keyId };
    mistakes.push('CARECORD_OPENID_CLIENT_KEY_FILE must hold an RSA (at least 2048 bits), EC P-256 or EC P-384 private key as PEM text.');
  }
  if (clientSecret !== undefined) {
    if (clientSecret.length >= MIN_SECRET_CHARACTERS) return { kind: 'secret', secret: clientSecret };
    mistakes.push(`CARECORD_OPENID_CLIENT_SECRET_FILE must hold at least ${MIN_SECRET_CHARACTERS} characters.`);
  }
  return undefined;
}

function isUsableKey(pem: string): boolean {
  try {
    const key = createPrivateKey(pem);
    return canSign(key) && (key.asymmetricKeyDetails?.modulusLength ?? 2048) >= 2048;
  } catch {
    return false;
  }
}

function isPlainAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, search, hash, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && search === '' && hash === '' && username === '' && password === '';
}
