import type { IncomingMessage } from 'node:http';
import { Body, Controller, Get, Header, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { RateLimiter } from '@carecord/core';
import type { GeneralJws } from '@carecord/crypto';
import { Public } from '../authorisation/requires.ts';
import { ADMISSION_LIMITER } from '../composition/tokens.ts';
import { NodeError } from '../failures/node-error.ts';
import { clientAddress } from '../http/client-address.ts';
import { InputPipe } from '../graphql/common/input.ts';
import { CredentialIssuer } from './credential-issuer.ts';
import { MembershipOffice } from './membership-office.ts';
import { PublishedNetwork } from './published-network.ts';
import { StatusListIssuer } from './status-list-issuer.ts';
import { witnessRequestSchema } from './wire.ts';
import type { MembershipAnswer, NetworkAnswer, WitnessRequest } from './wire.ts';
import { WitnessOffice } from './witness-office.ts';
import type { WitnessProof } from '@carecord/identity';

const OK = 200;
/** A history of two versions in an application; the longest one counts as 32 requests. */
const CHARACTERS_A_REQUEST = 48 * 1024;

/** What an authority answers over HTTP: all of it public or proven by signatures. */
@Controller()
export class AuthorityController {
  constructor(
    private readonly office: MembershipOffice,
    private readonly issuer: CredentialIssuer,
    private readonly witnesses: WitnessOffice,
    private readonly statusLists: StatusListIssuer,
    private readonly published: PublishedNetwork,
    @Inject(ADMISSION_LIMITER) private readonly limiter: RateLimiter,
  ) {}

  /** The signed description of the network, and where members can be met. */
  @Public()
  @Get('network')
  network(): NetworkAnswer {
    return this.published.network();
  }

  /** The authority's status list (W3C Bitstring Status List 1.0): a General JWS with both signatures. */
  @Public()
  @Get('status-list')
  @Header('content-type', 'application/json')
  statusList(): GeneralJws {
    const list = this.statusLists.current();
    if (list === undefined) throw new NodeError('NOT_FOUND', 'There is no status list yet: try again in a moment.');
    return list;
  }

  /** An application for membership (a General JWS); members renew their credential with it. */
  @Public()
  @Post('memberships')
  @HttpCode(OK)
  async apply(@Req() request: IncomingMessage, @Body() application: unknown): Promise<MembershipAnswer> {
    this.limit(request, lengthOf(application));
    const membership = await this.office.apply(application);
    if (membership.state !== 'admitted') return { state: membership.state };
    const [credential, witnessProof] = await Promise.all([this.issuer.credentialFor(membership), this.witnesses.witness(membership.did, membership.history)]);
    return { state: membership.state, credential, witnessProof };
  }

  /** A member's next DID version is witnessed, so that the member can publish it. */
  @Public()
  @Post('witness-proofs')
  @HttpCode(OK)
  async witness(@Req() request: IncomingMessage, @Body(new InputPipe(witnessRequestSchema)) { did, history }: WitnessRequest): Promise<{ readonly witnessProof: WitnessProof }> {
    this.limit(request, history.length);
    return { witnessProof: await this.witnesses.witness(did, history) };
  }

  /** Verifying a long history takes as long as verifying many short ones, and counts as many. */
  private limit(request: IncomingMessage, characters: number): void {
    if (!this.limiter.take(clientAddress(request), 1 + Math.floor(characters / CHARACTERS_A_REQUEST))) {
      throw new NodeError('RATE_LIMITED', 'Too many requests came from this address: wait a minute.');
    }
  }
}

/** Of what has not been parsed yet. */
function lengthOf(application: unknown): number {
  const payload = typeof application === 'object' && application !== null && 'payload' in application ? application.payload : undefined;
  return typeof payload === 'string' ? payload.length : 0;
}
