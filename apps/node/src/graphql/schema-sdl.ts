import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { GraphQLSchemaBuilderModule, GraphQLSchemaFactory } from '@nestjs/graphql';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { RESOLVERS } from './resolvers.ts';

/** The schema as SDL, made from the decorators alone: no database, no keys, no network. */
export async function buildSchemaSdl(): Promise<string> {
  const application = await NestFactory.createApplicationContext(GraphQLSchemaBuilderModule, { logger: false });
  try {
    const schema = await application.get(GraphQLSchemaFactory).create([...RESOLVERS]);
    return `${printSchema(lexicographicSortSchema(schema))}\n`;
  } finally {
    await application.close();
  }
}
