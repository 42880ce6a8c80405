import { NestFactory } from '@nestjs/core';
import type { DynamicModule } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Logger } from '@carecord/core';
import { GRAPHQL_PATH } from '../graphql/graphql-module.ts';
import { frameworkLogger } from '../logging/framework-logger.ts';
import { postOnly, secureHeaders } from './hardening.ts';
import { REQUEST_TIMEOUT_MILLISECONDS } from './limits.ts';

/** How the HTTP side of a node is set up. */
export interface ApplicationOptions {
  readonly logger: Logger;
  readonly maxBodyBytes: number;
  /** Addresses or networks of reverse proxies, whose X-Forwarded-For counts. @default none */
  readonly trustedProxies?: readonly string[];
}

/** The HTTP side of a node, not listening yet. Signals are handled by the node, not by the framework. */
export async function createApplication(module: DynamicModule, options: ApplicationOptions): Promise<NestExpressApplication> {
  const application = await NestFactory.create<NestExpressApplication>(module, {
    logger: frameworkLogger(options.logger),
    abortOnError: false,
    bodyParser: false,
  });
  application.disable('x-powered-by');
  // Only whom the operator named is believed about where a request comes from.
  application.set('trust proxy', [...(options.trustedProxies ?? [])]);
  application.disable('etag');
  application.use(secureHeaders);
  application.use(GRAPHQL_PATH, postOnly);
  application.useBodyParser('json', { limit: options.maxBodyBytes });
  application.getHttpServer().requestTimeout = REQUEST_TIMEOUT_MILLISECONDS;
  return application;
}
