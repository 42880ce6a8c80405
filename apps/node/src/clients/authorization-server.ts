import { ASSERTION_ALGORITHMS } from './client-key-set.ts';
import { CLIENT_SCOPE } from './client-tokens.ts';

/** The node under its public address, as an authorization server for programs. */
export class AuthorizationServer {
  /** @param publicUrl where programs and browsers reach this node, such as `https://carecord.hospital.example`; in a demo it is known once the node listens */
  constructor(private readonly publicUrl: () => string) {}

  /** The issuer identifier (RFC 8414, section 2): the public address, without a slash at its end. */
  get issuer(): string {
    return this.publicUrl().replace(/\/+$/, '');
  }

  get tokenEndpoint(): string {
    return `${this.issuer}/oauth/token`;
  }

  /** What an assertion may name as its audience. */
  get audiences(): readonly string[] {
    return [this.tokenEndpoint, this.issuer];
  }

  /** RFC 8414, section 2. There is no authorization endpoint: people do not sign in here by OAuth. */
  metadata(): Readonly<Record<string, unknown>> {
    return { issuer: this.issuer, response_types_supported: [], ...this.tokens() };
  }

  /** SMART App Launch 2.2, "Conformance", for backend services alone. */
  smartConfiguration(): Readonly<Record<string, unknown>> {
    return { ...this.tokens(), code_challenge_methods_supported: ['S256'], capabilities: ['client-confidential-asymmetric'] };
  }

  private tokens(): Readonly<Record<string, unknown>> {
    return {
      token_endpoint: this.tokenEndpoint,
      grant_types_supported: ['client_credentials'],
      token_endpoint_auth_methods_supported: ['private_key_jwt'],
      token_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGORITHMS,
      scopes_supported: [CLIENT_SCOPE],
    };
  }
}
