import type { StaffRole } from '../authorisation/roles.ts';

/** How the node proves to the provider that it is the registered client. */
export type ClientProof =
  /** `private_key_jwt`: a PKCS#8 private key as PEM text, and its name at the provider if it has one. */
  | { readonly kind: 'private-key'; readonly pem: string; readonly keyId: string | undefined }
  /** `client_secret_basic`. */
  | { readonly kind: 'secret'; readonly secret: string };

/** What the node is told about the hospital's own OpenID provider. */
export interface OpenIdSettings {
  /** Exactly as the provider writes it. */
  readonly issuer: string;
  readonly clientId: string;
  readonly proof: ClientProof;
  /** Where browsers reach this node, without a slash at its end. */
  readonly publicUrl: string;
  /** The path under `publicUrl` of the application that the browser goes back to; if there is none, the callback answers JSON. */
  readonly returnPath: string | undefined;
  readonly scope: string;
  /** A claim of the ID token, or, with a slash in front, a JSON Pointer (RFC 6901) into it. */
  readonly roleClaim: string;
  /** Which value of the claim gives which role; no other value gives any. */
  readonly roles: ReadonlyMap<string, StaffRole>;
  /** One of these values of `acr` is demanded; empty: any. */
  readonly requiredAcr: readonly string[];
  /** One of these values of `amr` is demanded; empty: any. */
  readonly requiredAmr: readonly string[];
  /** How long ago the person may have signed in at the provider. */
  readonly maxAgeSeconds: number;
  /** Whether somebody who signs in for the first time gets an account. */
  readonly createAccounts: boolean;
}
