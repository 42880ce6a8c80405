import type { DynamicModule, Provider } from '@nestjs/common';
import { graphqlModule } from '../graphql/graphql-module.ts';
import { RESOLVERS } from '../graphql/resolvers.ts';
import { httpModule } from './http-module.ts';
import type { HttpBasics } from './http-module.ts';

/** The HTTP side of a hospital: GraphQL and health. `services` are the instances that the resolvers ask for. */
export function hospitalModule(basics: HttpBasics, services: readonly Provider[]): DynamicModule {
  return httpModule(basics, { imports: [graphqlModule(basics.logger)], controllers: [], providers: [...services, ...RESOLVERS] });
}
