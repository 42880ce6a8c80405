import type { DynamicModule, Provider } from '@nestjs/common';
import { graphqlModule } from '../graphql/graphql-module.ts';
import { HOSPITAL_RESOLVERS } from '../graphql/resolvers.ts';
import { httpModule } from './http-module.ts';
import type { HttpBasics } from './http-module.ts';
import type { HttpParts } from './sign-in-parts.ts';

/** The HTTP side of a hospital: GraphQL, sign-in and health. `services` are the instances that the resolvers ask for. */
export function hospitalModule(basics: HttpBasics, services: readonly Provider[], { controllers, providers }: HttpParts): DynamicModule {
  return httpModule(basics, {
    imports: [graphqlModule(basics.logger)],
    controllers: [...controllers],
    providers: [...services, ...providers, ...HOSPITAL_RESOLVERS],
  });
}
