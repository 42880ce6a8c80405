import type { DynamicModule, Provider, Type } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { LoggerModule } from 'nestjs-pino';
import type { Logger as PinoLogger } from 'pino';
import type { Logger } from '@carecord/core';
import { Authenticator } from '../authorisation/authenticator.ts';
import { PermissionGuard } from '../authorisation/permission-guard.ts';
import { DidController } from '../did/did-controller.ts';
import { FailureFilter } from '../failures/failure-filter.ts';
import { HealthController } from '../health/health-controller.ts';
import { Readiness } from '../health/readiness.ts';
import { requestLogging } from '../logging/request-logging.ts';

/** What every node's HTTP side needs. */
export interface HttpBasics {
  readonly authenticator: Authenticator;
  readonly readiness: Readiness;
  readonly logger: Logger;
  readonly pino: PinoLogger;
}

@Module({})
class NodeHttpModule {}

/** What every node serves: health, its DID, errors and the guard, and the parts of its role. */
export function httpModule(
  { authenticator, readiness, logger, pino }: HttpBasics,
  parts: { readonly imports: DynamicModule[]; readonly controllers: Type[]; readonly providers: Provider[] },
): DynamicModule {
  return {
    module: NodeHttpModule,
    imports: [LoggerModule.forRoot(requestLogging(pino)), ...parts.imports],
    controllers: [HealthController, DidController, ...parts.controllers],
    providers: [
      { provide: Authenticator, useValue: authenticator },
      { provide: Readiness, useValue: readiness },
      { provide: APP_FILTER, useValue: new FailureFilter(logger) },
      { provide: APP_GUARD, useClass: PermissionGuard },
      ...parts.providers,
    ],
  };
}
