import { signJws, verifyJws } from '@carecord/crypto';
import type { GeneralJws, HybridSigner, SigningPublicKeys } from '@carecord/crypto';
import type { z } from 'zod';
import type { ResolvedDid } from './did-log.ts';

/**
 * Signs a JSON statement as a General JWS with both keys of a DID.
 * @param type the JWS `typ`, which says what the statement is
 */
export function signStatement<Schema extends z.ZodType>(
  schema: Schema,
  type: string,
  issuer: { readonly resolved: ResolvedDid; readonly signer: HybridSigner },
  statement: z.infer<Schema>,
): Promise<GeneralJws> {
  const payload = Buffer.from(JSON.stringify(schema.parse(statement)), 'utf8');
  return signJws(issuer.signer, type, issuer.resolved.signingKeyIds, payload);
}

/** Verifies and parses what {@link signStatement} made; throws whatever error is first, for the caller to give a code. */
export async function openStatement<Schema extends z.ZodType>(
  schema: Schema,
  type: string,
  issuer: SigningPublicKeys,
  jws: unknown,
): Promise<z.infer<Schema>> {
  return parseStatement(schema, await verifyJws(jws, type, issuer));
}

/** Parses a payload. Not yet verified, it serves only to find out by whom it claims to be. */
export function parseStatement<Schema extends z.ZodType>(schema: Schema, payload: Uint8Array): z.infer<Schema> {
  return schema.parse(JSON.parse(Buffer.from(payload).toString('utf8')));
}
