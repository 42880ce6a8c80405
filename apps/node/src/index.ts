/**
 * The hospital node and the authority node: configuration, GraphQL, sign-in, health, jobs. It has no logic of records,
 * consents or the network of its own: it puts the libs together.
 */
export { runNode } from './main.ts';

/** The GraphQL schema in its definition language; loaded when it is asked for, since running a node does not need it. */
export async function buildSchemaSdl(): Promise<string> {
  const { buildSchemaSdl: build } = await import('./graphql/schema-sdl.ts');
  return await build();
}
