import 'reflect-metadata';
import { Controller, Get, Module, Req } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { afterEach, describe, expect, it } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import { createApplication } from './application.ts';
import { clientAddress } from './client-address.ts';
import type { AddressedRequest } from './client-address.ts';
import { listen } from './listen.ts';

@Controller()
class WhoController {
  @Get()
  who(@Req() request: AddressedRequest): string {
    return clientAddress(request);
  }
}

@Module({ controllers: [WhoController] })
class WhoModule {}

let application: NestExpressApplication;
afterEach(() => application.close());

/** Whom the node counts when a connection from 127.0.0.1 says that it speaks for others. */
async function countedAs(forwardedFor: string, trustedProxies?: readonly string[]): Promise<string> {
  application = await createApplication({ module: WhoModule }, { logger: silentLogger, maxBodyBytes: 1024, ...(trustedProxies === undefined ? {} : { trustedProxies }) });
  const base = await listen(application, { host: '127.0.0.1', port: 0, anotherIfBusy: false, logger: silentLogger });
  return await (await fetch(base, { headers: { 'x-forwarded-for': forwardedFor } })).text();
}

describe('where a request comes from', () => {
  it('is what a trusted proxy says', async () => {
    expect(await countedAs('198.51.100.7', ['127.0.0.0/8'])).toBe('198.51.100.7');
  });

  it('is not what the client itself has put before that', async () => {
    expect(await countedAs('203.0.113.1, 198.51.100.7', ['127.0.0.1'])).toBe('198.51.100.7');
  });

  it('is the connection where no proxy is trusted, or another one', async () => {
    expect(await countedAs('198.51.100.7')).toBe('127.0.0.1');
    await application.close();
    expect(await countedAs('198.51.100.7', ['10.0.0.0/8'])).toBe('127.0.0.1');
  });
});
