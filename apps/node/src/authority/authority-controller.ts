import type { IncomingMessage } from 'node:http';
import { Body, Controller, Get, Header, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { RateLimiter } from '@carecord/core';
import { Public } from '../authorisation/requires.ts';
import { ADMISSION_LIMITER } from '../composition/tokens.ts';
import { NodeError } from '../failures/node-error.ts';
import { MembershipOffice } from './membership-office.ts';
import { PublishedNetwork } from './published-network.ts';
import type { MembershipAnswer, NetworkAnswer } from './wire.ts';

const CREATED = 201;

/** What an authority answers over HTTP: all of it public or proven by signatures. */
@Controller()
export class AuthorityController {
  constructor(
    private readonly office: MembershipOffice,
    private readonly published: PublishedNetwork,
    @Inject(ADMISSION_LIMITER) private readonly limiter: RateLimiter,
  ) {}

  /** The history of the authority's DID, JSON Lines (did:webvh). */
  @Public()
  @Get('did.jsonl')
  @Header('content-type', 'text/jsonl; charset=utf-8')
  didLog(): string {
    return this.published.didLog;
  }

  /** The signed description of the network, and where members can be met. */
  @Public()
  @Get('network')
  network(): NetworkAnswer {
    return this.published.network();
  }

  /** An application for membership (a General JWS with the one-time ticket inside) is answered with a credential. */
  @Public()
  @Post('memberships')
  @HttpCode(CREATED)
  async apply(@Req() request: IncomingMessage, @Body() application: unknown): Promise<MembershipAnswer> {
    if (!this.limiter.take(request.socket.remoteAddress ?? 'unknown')) {
      throw new NodeError('RATE_LIMITED', 'Too many applications came from this address: wait a minute.');
    }
    const credential = await this.office.admit(application);
    return { credential, ...this.published.network() };
  }
}
