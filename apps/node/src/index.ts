/**
 * The hospital node and the authority node: configuration, GraphQL, sign-in, health, jobs. It has no logic of records,
 * consents or the network of its own: it puts the libs together.
 */
export { buildSchemaSdl } from './graphql/schema-sdl.ts';
export { runNode } from './main.ts';
