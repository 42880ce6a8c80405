import type { DynamicModule, Provider } from '@nestjs/common';
import { AuthorityController } from '../authority/authority-controller.ts';
import { graphqlModule } from '../graphql/graphql-module.ts';
import { AUTHORITY_RESOLVERS } from '../graphql/resolvers.ts';
import { httpModule } from './http-module.ts';
import type { HttpBasics } from './http-module.ts';

/** The HTTP side of an authority: what it publishes, admission, GraphQL for its staff and health. */
export function authorityModule(basics: HttpBasics, services: readonly Provider[]): DynamicModule {
  return httpModule(basics, { imports: [graphqlModule(basics.logger)], controllers: [AuthorityController], providers: [...services, ...AUTHORITY_RESOLVERS] });
}
