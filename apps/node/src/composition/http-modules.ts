import type { DynamicModule, Provider, Type } from '@nestjs/common';
import { Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { LoggerModule } from 'nestjs-pino';
import type { Logger as PinoLogger } from 'pino';
import type { Logger } from '@carecord/core';
import { Authenticator } from '../authorisation/authenticator.ts';
import { PermissionGuard } from '../authorisation/permission-guard.ts';
import { AuthorityController } from '../authority/authority-controller.ts';
import { FailureFilter } from '../failures/failure-filter.ts';
import { graphqlModule } from '../graphql/graphql-module.ts';
import { RESOLVERS } from '../graphql/resolvers.ts';
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

/** The HTTP side of a hospital: GraphQL and health. `services` are the instances that the resolvers ask for. */
export function hospitalModule(basics: HttpBasics, services: readonly Provider[]): DynamicModule {
  return httpModule(basics, { imports: [graphqlModule(basics.logger)], controllers: [], providers: [...services, ...RESOLVERS] });
}

/** The HTTP side of an authority: what it publishes, admission and health. */
export function authorityModule(basics: HttpBasics, services: readonly Provider[]): DynamicModule {
  return httpModule(basics, { imports: [], controllers: [AuthorityController], providers: [...services] });
}

function httpModule(
  { authenticator, readiness, logger, pino }: HttpBasics,
  parts: { readonly imports: DynamicModule[]; readonly controllers: Type[]; readonly providers: Provider[] },
): DynamicModule {
  return {
    module: NodeHttpModule,
    imports: [LoggerModule.forRoot(requestLogging(pino)), ...parts.imports],
    controllers: [HealthController, ...parts.controllers],
    providers: [
      { provide: Authenticator, useValue: authenticator },
      { provide: Readiness, useValue: readiness },
      { provide: APP_FILTER, useValue: new FailureFilter(logger) },
      { provide: APP_GUARD, useClass: PermissionGuard },
      ...parts.providers,
    ],
  };
}
