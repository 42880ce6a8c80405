import type { IncomingMessage, ServerResponse } from 'node:http';
import { Body, Controller, Get, Inject, Post, Req, Res } from '@nestjs/common';
import type { Logger } from '@carecord/core';
import { z } from 'zod';
import { clientAddress } from '../http/client-address.ts';
import { CurrentStaff, CurrentToken } from '../authorisation/caller.ts';
import { Public, Requires } from '../authorisation/requires.ts';
import { fieldsOf, readForm } from '../clients/form-body.ts';
import { respondJson } from '../failures/http-status.ts';
import type { StaffPrincipal } from '../sessions/staff-principal.ts';
import { BackChannelLogout } from './back-channel-logout.ts';
import { BrowserCookie } from './browser-cookie.ts';
import { OPENID_STATUS, OpenIdError } from './openid-error.ts';
import { OpenIdSignIn } from './openid-sign-in.ts';
import type { CallbackOutcome } from './openid-sign-in.ts';
import { OPENID_LOGGER, OPENID_RETURN_ADDRESS } from './tokens.ts';

const OK = 200;
const SEE_OTHER = 303;
/** Codes of providers are opaque; the longest known ones are encrypted and of about a kilobyte. */
const MAX_CODE_LENGTH = 4_096;
const MAX_LOGOUT_TOKEN_LENGTH = 8 * 1024;

const oneTimeToken = z.string().regex(/^[A-Za-z0-9_-]{43}$/);
const startSchema = z.object({ stepUp: oneTimeToken.optional() });
/** Parameters that we do not know are left out, as RFC 6749, section 4.1.2, wants it. */
const callbackSchema = z.union([
  z.object({ error: z.string().min(1).max(200), state: oneTimeToken }),
  z.object({ code: z.string().min(1).max(MAX_CODE_LENGTH), state: oneTimeToken, iss: z.string().max(2_000).optional() }),
]);
const handOverSchema = z.strictObject({ code: oneTimeToken });
const logoutSchema = z.object({ logout_token: z.string().min(1).max(MAX_LOGOUT_TOKEN_LENGTH) });

/** What a browser, and the provider behind its back, ask during sign-in. */
@Controller('openid')
export class OpenIdController {
  constructor(
    private readonly signIn: OpenIdSignIn,
    private readonly backChannel: BackChannelLogout,
    private readonly cookie: BrowserCookie,
    @Inject(OPENID_RETURN_ADDRESS) private readonly returnAddress: string | null,
    @Inject(OPENID_LOGGER) private readonly logger: Logger,
  ) {}

  /** Sends the browser to the provider; `?stepUp=` a ticket of {@link offerStepUp} makes the person sign in there anew. */
  @Public()
  @Get('start')
  async start(@Req() request: IncomingMessage, @Res() response: ServerResponse): Promise<void> {
    await this.answer(response, async () => {
      this.signIn.countFrom(addressOf(request));
      const { stepUp } = parse(startSchema, queryOf(request));
      if (stepUp !== undefined) {
        redirect(response, await this.signIn.startStepUp(stepUp, this.cookie.read(request)));
        return;
      }
      const { location, browserSecret } = await this.signIn.start();
      response.setHeader('set-cookie', this.cookie.keep(browserSecret));
      redirect(response, location);
    });
  }

  /** Where the provider sends the browser back to. The address of the application gets a one-time code, or the code of an error. */
  @Public()
  @Get('callback')
  async callback(@Req() request: IncomingMessage, @Res() response: ServerResponse): Promise<void> {
    await this.answer(response, async () => {
      this.signIn.countFrom(addressOf(request));
      const outcome = await this.signIn.callback(parse(callbackSchema, queryOf(request)), this.cookie.read(request));
      if (outcome.kind === 'stepped-up') response.setHeader('set-cookie', this.cookie.forget());
      if (this.returnAddress === null) respondJson(response, OK, wireOutcome(outcome));
      else redirect(response, `${this.returnAddress}#${new URLSearchParams(outcome.kind === 'hand-over' ? { openid: outcome.code } : { openid: 'stepped-up' }).toString()}`);
    }, this.returnAddress);
  }

  /** Gives the session for the one-time code of the callback, in the same browser. */
  @Public()
  @Post('session')
  async session(@Req() request: IncomingMessage, @Res() response: ServerResponse, @Body() body: unknown): Promise<void> {
    await this.answer(response, async () => {
      this.signIn.countFrom(addressOf(request));
      const { code } = parse(handOverSchema, body);
      const { token, expiresAt, staff } = await this.signIn.handOver(code, this.cookie.read(request));
      response.setHeader('set-cookie', this.cookie.forget());
      respondJson(response, OK, { token, expiresAt: expiresAt.toISOString(), staff: { id: staff.staffId, username: staff.username, role: staff.role } });
    });
  }

  /** For a signed-in person: where this browser is to go in order to step the session up. */
  @Requires('session.own')
  @Post('step-up')
  async offerStepUp(@Req() request: IncomingMessage, @Res() response: ServerResponse, @CurrentToken() token: string, @CurrentStaff() staff: StaffPrincipal): Promise<void> {
    await this.answer(response, async () => {
      this.signIn.countFrom(addressOf(request));
      const { ticket, browserSecret } = await this.signIn.offerStepUp(token, staff);
      response.setHeader('set-cookie', this.cookie.keep(browserSecret));
      respondJson(response, OK, { location: `/openid/start?stepUp=${ticket}` });
    });
  }

  /** OpenID Connect Back-Channel Logout 1.0, section 2.5. */
  @Public()
  @Post('back-channel-logout')
  async logout(@Req() request: IncomingMessage, @Res() response: ServerResponse): Promise<void> {
    try {
      this.signIn.countFrom(addressOf(request));
      const form = await readForm(request);
      await this.backChannel.signOut(parse(logoutSchema, form).logout_token);
      response.statusCode = OK;
      response.end();
    } catch (error) {
      if (!(error instanceof OpenIdError)) throw error;
      this.logger.warn('openid-logout-refused', { code: error.code }, error);
      respondJson(response, OPENID_STATUS[error.code], { error: 'invalid_request', error_description: error.message });
    }
  }

  /** @param returnAddress where a browser is sent that shows no JSON to a person */
  private async answer(response: ServerResponse, work: () => Promise<void>, returnAddress: string | null = null): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof OpenIdError)) throw error;
      this.logger.warn('openid-refused', { code: error.code }, error);
      if (returnAddress === null) respondJson(response, OPENID_STATUS[error.code], { code: error.code, message: error.message });
      else redirect(response, `${returnAddress}#${new URLSearchParams({ 'openid-error': error.code }).toString()}`);
    }
  }
}

function wireOutcome(outcome: CallbackOutcome): Readonly<Record<string, unknown>> {
  return outcome.kind === 'hand-over' ? { code: outcome.code } : { steppedUp: true };
}

function redirect(response: ServerResponse, location: string): void {
  response.statusCode = SEE_OTHER;
  response.setHeader('location', location);
  response.end();
}

function queryOf(request: IncomingMessage): ReadonlyMap<string, string> | string {
  return fieldsOf(new URLSearchParams((request.url ?? '').split('?', 2)[1] ?? ''));
}

/** @param input fields, a JSON body, or the name of what was wrong with them */
function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.infer<Schema> {
  const result = schema.safeParse(input instanceof Map ? Object.fromEntries(input as ReadonlyMap<string, string>) : input);
  if (!result.success) throw new OpenIdError('OPENID_INPUT_INVALID', 'This address was not asked as it expects.');
  return result.data;
}

/** Behind a reverse proxy that is the proxy. */
function addressOf(request: IncomingMessage): string {
  return clientAddress(request);
}
