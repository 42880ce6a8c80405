import { Controller, Get, Header } from '@nestjs/common';
import { Public } from '../authorisation/requires.ts';
import { NodeError } from '../failures/node-error.ts';
import { PublishedDid } from './published-did.ts';

/** Short: an urgent rotation must be seen soon. Long enough that a crowd of resolvers is answered by a proxy. */
const CACHE = 'public, max-age=60';

/** The node's DID where did:webvh and did:web look for it. All of it is public, also to scripts of other sites. */
@Controller('.well-known')
export class DidController {
  constructor(private readonly published: PublishedDid) {}

  /** The history, JSON Lines. */
  @Public()
  @Get('did.jsonl')
  @Header('content-type', 'text/jsonl; charset=utf-8')
  @Header('cache-control', CACHE)
  @Header('access-control-allow-origin', '*')
  log(): string {
    return this.published.log();
  }

  /** What the witnesses say of it. */
  @Public()
  @Get('did-witness.json')
  @Header('content-type', 'application/json; charset=utf-8')
  @Header('cache-control', CACHE)
  @Header('access-control-allow-origin', '*')
  witness(): string {
    const witness = this.published.witness();
    if (witness === undefined) throw new NodeError('NOT_FOUND', 'This DID has no witnesses.');
    return witness;
  }

  /** The ML-DSA-65 cosignatures, a file of ours beside the standard's. */
  @Public()
  @Get('did-cosignatures.json')
  @Header('content-type', 'application/json; charset=utf-8')
  @Header('cache-control', CACHE)
  @Header('access-control-allow-origin', '*')
  cosignatures(): string {
    return this.published.cosignatures();
  }

  /** The document of the did:web alias. */
  @Public()
  @Get('did.json')
  @Header('content-type', 'application/did+ld+json; charset=utf-8')
  @Header('cache-control', CACHE)
  @Header('access-control-allow-origin', '*')
  async document(): Promise<string> {
    return await this.published.alias();
  }
}
