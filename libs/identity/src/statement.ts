import { canonicalJsonBytes, fromBase64Url } from '@carecord/core';
import { generalJwsSchema, signJws } from '@carecord/crypto';
import type { GeneralJws, HybridSigner, SigningPublicKeys } from '@carecord/crypto';
import type { z } from 'zod';
import { verifyJwsWithAnyKey } from './accepted-keys.ts';

/** Who signs: the names of the two keys and the keys themselves. */
export interface StatementIssuer {
  readonly signingKeyIds: { readonly ed25519: string; readonly mlDsa65: string };
  readonly signer: HybridSigner;
}

/**
 * Signs a JSON statement as a General JWS with both keys of a DID. The payload is canonical JSON (RFC 8785): the same
 * statement by several issuers has the same payload.
 * @param type the JWS `typ`, which says what the statement is
 */
export function signStatement<Schema extends z.ZodType>(
  schema: Schema,
  type: string,
  issuer: StatementIssuer,
  statement: z.infer<Schema>,
): Promise<GeneralJws> {
  return signJws(issuer.signer, type, issuer.signingKeyIds, canonicalJsonBytes(schema.parse(statement)));
}

/** A verified statement, and by which of the accepted keys. */
export interface OpenedStatement<Statement> {
  readonly statement: Statement;
  readonly signedBy: SigningPublicKeys;
}

/**
 * Verifies and parses what {@link signStatement} made; throws whatever error is first, for the caller to give a code.
 * @param issuer the accepted keys of the DID that must have signed it, both signatures by one pair of them
 */
export async function openStatement<Schema extends z.ZodType>(
  schema: Schema,
  type: string,
  issuer: readonly SigningPublicKeys[],
  jws: unknown,
): Promise<OpenedStatement<z.infer<Schema>>> {
  const { payload, signedBy } = await verifyJwsWithAnyKey(issuer, type, jws);
  return { statement: parseStatement(schema, payload), signedBy };
}

/**
 * Reads what a statement claims, to find out by whom and about whom it would be: nothing is verified. Throws whatever error is
 * first, for the caller to give a code.
 * @param jws anything: it is parsed by a schema first
 */
export function readStatement<Schema extends z.ZodType>(
  schema: Schema,
  jws: unknown,
  maxPayloadCharacters: number,
): { readonly jws: GeneralJws; readonly statement: z.infer<Schema> } {
  const parsed = generalJwsSchema.parse(jws);
  if (parsed.payload.length > maxPayloadCharacters) throw new Error('The payload is too large.');
  return { jws: parsed, statement: parseStatement(schema, fromBase64Url(parsed.payload)) };
}

function parseStatement<Schema extends z.ZodType>(schema: Schema, payload: Uint8Array): z.infer<Schema> {
  return schema.parse(JSON.parse(Buffer.from(payload).toString('utf8')));
}
