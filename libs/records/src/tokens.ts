import { deriveKey, keyedToken } from '@carecord/crypto';
import { canonicalIdentifier } from '@carecord/fhir';
import type { Identifier } from '@carecord/fhir';

const LOGICAL_ID_CONTEXT = 'records/logical-id';
const IDENTIFIER_CONTEXT = 'records/identifier';

/**
 * Blind tokens, 32 bytes each: they find a row by a value that the database never sees. A token is an HMAC under a key
 * of this hospital, so that who holds the database alone can neither read it nor try out values, and tokens of two
 * hospitals cannot be compared.
 */
export class BlindTokens {
  private readonly key: Uint8Array;

  /** @param indexKey the hospital's key for these tokens alone, 32 bytes */
  constructor(indexKey: Uint8Array) {
    this.key = deriveKey(indexKey, 'records/blind-index');
  }

  /** Token of a resource's type and FHIR logical id (case-sensitive, as FHIR has it). */
  logicalId(resourceType: string, id: string): Uint8Array {
    return keyedToken(this.key, LOGICAL_ID_CONTEXT, resourceType, id);
  }

  /** Token of a patient's identifier, in its {@link canonicalIdentifier canonical form}. */
  identifier(identifier: Identifier): Uint8Array {
    const { system, value } = canonicalIdentifier(identifier);
    return keyedToken(this.key, IDENTIFIER_CONTEXT, system, value);
  }

  /** Tokens of a patient's identifiers, each once. */
  identifiers(identifiers: readonly Identifier[]): Uint8Array[] {
    const tokens = new Map<string, Uint8Array>();
    for (const identifier of identifiers) {
      const token = this.identifier(identifier);
      tokens.set(tokenKey(token), token);
    }
    return [...tokens.values()];
  }
}

/** A token as the key of a map. */
export function tokenKey(token: Uint8Array): string {
  return Buffer.from(token.buffer, token.byteOffset, token.length).toString('base64');
}
