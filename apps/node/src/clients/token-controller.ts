import type { IncomingMessage, ServerResponse } from 'node:http';
import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import { clientAddress } from '../http/client-address.ts';
import { Public } from '../authorisation/requires.ts';
import { respondJson } from '../failures/http-status.ts';
import { AuthorizationServer } from './authorization-server.ts';
import { ClientTokens } from './client-tokens.ts';
import { readForm } from './form-body.ts';
import { TokenError } from './token-error.ts';
import type { TokenErrorCode } from './token-error.ts';

const OK = 200;
/** RFC 6749, section 5.2: 400 unless it says otherwise. */
const STATUS: Readonly<Record<TokenErrorCode, number>> = {
  invalid_request: 400,
  invalid_client: 401,
  unsupported_grant_type: 400,
  invalid_scope: 400,
  temporarily_unavailable: 429,
};
const RETRY_AFTER_SECONDS = 10;

/** The token endpoint for programs (RFC 6749, section 3.2), and what a program can read about it beforehand. */
@Controller()
export class TokenController {
  constructor(
    private readonly tokens: ClientTokens,
    private readonly server: AuthorizationServer,
  ) {}

  @Public()
  @Post('oauth/token')
  async token(@Req() request: IncomingMessage, @Res() response: ServerResponse): Promise<void> {
    // RFC 6749, section 5.1, wants both.
    response.setHeader('cache-control', 'no-store');
    response.setHeader('pragma', 'no-cache');
    try {
      this.tokens.countFrom(clientAddress(request));
      const form = await readForm(request);
      if (typeof form === 'string') throw new TokenError('invalid_request', 'The body must be one small form (application/x-www-form-urlencoded) in which each field comes once.');
      const { accessToken, expiresInSeconds, scope } = await this.tokens.issue(form);
      respondJson(response, OK, { access_token: accessToken, token_type: 'bearer', expires_in: expiresInSeconds, scope });
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      if (error.code === 'temporarily_unavailable') response.setHeader('retry-after', RETRY_AFTER_SECONDS);
      respondJson(response, STATUS[error.code], { error: error.code, error_description: error.message });
    }
  }

  /** RFC 8414. */
  @Public()
  @Get('.well-known/oauth-authorization-server')
  metadata(): Readonly<Record<string, unknown>> {
    return this.server.metadata();
  }

  /** SMART App Launch 2.2, "Conformance". */
  @Public()
  @Get('.well-known/smart-configuration')
  smartConfiguration(): Readonly<Record<string, unknown>> {
    return this.server.smartConfiguration();
  }
}
