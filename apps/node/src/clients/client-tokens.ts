import type { Clock, Rate, TransactionRunner } from '@carecord/core';
import { later, RateLimiter } from '@carecord/core';
import type { AuditEntry } from '@carecord/audit';
import { hashWithContext } from '@carecord/crypto';
import type { IntegrationClientStore, StaffAccount, StaffStore, UsedAssertionStore } from '@carecord/storage';
import { z } from 'zod';
import { NodeError } from '../failures/node-error.ts';
import { appendAlone, SOMEBODY } from '../sessions/audit-trail.ts';
import type { SessionAudit } from '../sessions/audit-trail.ts';
import type { Sessions } from '../sessions/sessions.ts';
import { principalOf } from '../sessions/staff-principal.ts';
import type { StaffPrincipal } from '../sessions/staff-principal.ts';
import { DecoyKeys, MAX_ASSERTION_CHARACTERS, readAssertion, verifyAssertion } from './client-assertion.ts';
import type { ClaimedAssertion } from './client-assertion.ts';
import { clientKeySetSchema, keyOf } from './client-key-set.ts';
import { notThisClient, TokenError } from './token-error.ts';

/** SMART App Launch 2.2: an access token of a backend service lives five minutes at the most. */
const TOKEN_LIFETIME_SECONDS = 5 * 60;
/** The one scope: what the role of an integration client may do. */
export const CLIENT_SCOPE = 'carecord/integration-client';
/** The role of every integration client's account. */
export const CLIENT_ROLE = 'integration-client';
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** A check costs well below a millisecond; this is for whoever only makes noise. Behind a proxy all clients are one address. */
export const ADDRESS_RATE: Rate = { burst: 120, perSecond: 10 };
/** A token is good for five minutes: who needs one a second has many machines or a fault. Counted once the client has proven itself, so that nobody can use up another's share. */
export const CLIENT_RATE: Rate = { burst: 30, perSecond: 1 };

/** Refusals of one client, or of unknown ones together, that are written down: nobody can fill the log. */
export const NOTED_REFUSALS: Rate = { burst: 60, perSecond: 1 / 10 };

const requestSchema = z.object({
  grant_type: z.string().max(100),
  client_assertion_type: z.literal(ASSERTION_TYPE),
  client_assertion: z.string().max(MAX_ASSERTION_CHARACTERS).regex(/^[\w-]+\.[\w-]+\.[\w-]+$/),
  client_id: z.string().max(100).optional(),
  scope: z.string().max(1000).optional(),
});

/** What a client is given (RFC 6749, section 5.1). */
export interface ClientToken {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
  readonly scope: string;
}

/** What {@link ClientTokens} needs from outside. */
export interface ClientTokenDependencies {
  readonly clients: Pick<IntegrationClientStore, 'find'>;
  readonly assertions: Pick<UsedAssertionStore, 'take'>;
  readonly staff: Pick<StaffStore, 'findById'>;
  readonly sessions: Pick<Sessions, 'open'>;
  readonly transactions: TransactionRunner;
  readonly audit: SessionAudit;
  readonly clock: Clock;
  /** What an assertion may name as its audience: the address of the token endpoint and the issuer. */
  readonly audiences: () => readonly string[];
}

/**
 * Access tokens for programs: client credentials (RFC 6749, section 4.4) with a signed assertion as the proof (RFC 7523), as
 * SMART Backend Services has it. A token is a session like any other, of the account of the client, and short.
 */
export class ClientTokens {
  private readonly addresses: RateLimiter;
  private readonly perClient: RateLimiter;
  private readonly refusals: RateLimiter;
  private readonly decoys = new DecoyKeys();

  constructor(private readonly dependencies: ClientTokenDependencies) {
    this.addresses = new RateLimiter(ADDRESS_RATE, dependencies.clock);
    this.perClient = new RateLimiter(CLIENT_RATE, dependencies.clock);
    this.refusals = new RateLimiter(NOTED_REFUSALS, dependencies.clock);
  }

  /** Counts a request from an address. @throws TokenError `temporarily_unavailable` */
  countFrom(address: string): void {
    if (!this.addresses.take(address)) throw new TokenError('temporarily_unavailable', 'Too many requests came from this address: wait a moment.');
  }

  /**
   * @param form the fields of the request
   * @throws TokenError with a code of RFC 6749, section 5.2
   */
  async issue(form: ReadonlyMap<string, string>): Promise<ClientToken> {
    const request = requestSchema.safeParse(Object.fromEntries(form));
    if (!request.success) throw new TokenError('invalid_request', 'The request needs grant_type, client_assertion_type and client_assertion, as RFC 7523 has them.');
    const { grant_type: grantType, client_assertion: jwt, client_id: clientId, scope } = request.data;
    if (grantType !== 'client_credentials') throw new TokenError('unsupported_grant_type', 'The grant type must be client_credentials.');
    const staff = await this.authenticate(jwt, clientId);
    // Afterwards: who is no client is not told what clients may ask for.
    if (scope !== undefined && !scope.split(' ').includes(CLIENT_SCOPE)) throw new TokenError('invalid_scope', `The scope must be ${CLIENT_SCOPE}.`);
    const expiresAt = later(this.dependencies.clock.now(), TOKEN_LIFETIME_SECONDS * 1000);
    const { token } = await this.dependencies.sessions.open(staff, { method: 'private-key-jwt', expiresAt }).catch((cause: unknown) => {
      // Disabled between the two.
      throw cause instanceof NodeError && cause.code === 'SIGN_IN_REFUSED' ? notThisClient(cause) : cause;
    });
    return { accessToken: token, expiresInSeconds: TOKEN_LIFETIME_SECONDS, scope: CLIENT_SCOPE };
  }

  private async authenticate(jwt: string, statedClientId: string | undefined): Promise<StaffPrincipal> {
    const assertion = readAssertion(jwt);
    const client = await this.dependencies.clients.find(assertion.clientId);
    const account = client === undefined ? undefined : await this.dependencies.staff.findById(client.staffId);
    const staff = account === undefined ? undefined : principalOf(account);
    try {
      const key = client === undefined ? undefined : keyOf(clientKeySetSchema.parse(client.keySet), assertion.keyId, assertion.algorithm);
      const expiresAt = await this.verify(assertion, key);
      if (staff?.role !== CLIENT_ROLE || (statedClientId ?? assertion.clientId) !== assertion.clientId) throw notThisClient();
      await this.takeOnce(assertion, expiresAt);
      return staff;
    } catch (error) {
      if (error instanceof TokenError) await this.noteRefusal(account, error);
      throw error;
    }
  }

  private async verify(assertion: ClaimedAssertion, key: ReturnType<typeof keyOf>): Promise<Date> {
    const { clock } = this.dependencies;
    const audiences = this.dependencies.audiences();
    const expiresAt = await verifyAssertion(assertion, key ?? (await this.decoys.of(assertion.algorithm)), { audiences, now: clock.now() });
    if (key === undefined) throw notThisClient();
    return expiresAt;
  }

  /** Last of all, so that nothing is written for who has not proven everything else. */
  private async takeOnce({ clientId, claims }: ClaimedAssertion, expiresAt: Date): Promise<void> {
    if (!this.perClient.take(clientId)) throw new TokenError('temporarily_unavailable', 'This client asks for too many tokens: use each for its whole five minutes.');
    const isNew = await this.dependencies.assertions.take(hashWithContext('node/client-assertion', clientId, claims.jti), expiresAt);
    if (!isNew) throw new TokenError('invalid_client', 'The assertion was used before: each needs a jti of its own.');
  }

  private async noteRefusal(account: StaffAccount | undefined, { code }: TokenError): Promise<void> {
    const id = account?.id ?? SOMEBODY.id;
    if (!this.refusals.take(id)) return;
    const entry: AuditEntry = {
      type: 'sign-in-refused',
      outcome: 'refused',
      actor: { kind: 'staff', id, role: CLIENT_ROLE },
      reasonCode: code === 'temporarily_unavailable' ? 'SIGN_IN_LIMITED' : 'SIGN_IN_REFUSED',
    };
    await appendAlone(this.dependencies, entry);
  }
}
