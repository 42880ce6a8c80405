import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { GraphQLSchemaBuilderModule, GraphQLSchemaFactory } from '@nestjs/graphql';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { AUTHORITY_RESOLVERS, HOSPITAL_RESOLVERS } from './resolvers.ts';

const RESOLVERS = { hospital: HOSPITAL_RESOLVERS, authority: AUTHORITY_RESOLVERS } as const;

/** The schema of a role as SDL, made from the decorators alone: no database, no keys, no network. */
export async function buildSchemaSdl(role: 'hospital' | 'authority'): Promise<string> {
  const application = await NestFactory.createApplicationContext(GraphQLSchemaBuilderModule, { logger: false });
  try {
    const schema = await application.get(GraphQLSchemaFactory).create([...RESOLVERS[role]]);
    return `${printSchema(lexicographicSortSchema(schema))}\n`;
  } finally {
    await application.close();
  }
}
