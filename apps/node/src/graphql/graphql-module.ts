import { ApolloDriver } from '@nestjs/apollo';
import type { ApolloDriverConfig } from '@nestjs/apollo';
import { ApolloServerPluginInlineTraceDisabled, ApolloServerPluginSchemaReportingDisabled, ApolloServerPluginUsageReportingDisabled } from '@apollo/server/plugin/disabled';
import type { DynamicModule } from '@nestjs/common';
import { GraphQLModule } from '@nestjs/graphql';
import type { Logger } from '@carecord/core';
import { MAX_TOKENS, queryLimits } from './common/query-limits.ts';
import { formatError } from './format-error.ts';

/** Where a node answers GraphQL. */
export const GRAPHQL_PATH = '/graphql';

/**
 * GraphQL over POST alone. Introspection is on, because integrators need it and every field checks who asks; everything that
 * would call home, keep documents or show stacks is off.
 */
export function graphqlModule(logger: Logger): DynamicModule {
  return GraphQLModule.forRoot<ApolloDriverConfig>({
    driver: ApolloDriver,
    path: GRAPHQL_PATH,
    autoSchemaFile: true,
    sortSchema: true,
    introspection: true,
    graphiql: false,
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    includeStacktraceInErrorResponses: false,
    persistedQueries: false,
    cache: 'bounded',
    parseOptions: { maxTokens: MAX_TOKENS },
    validationRules: [queryLimits],
    autoTransformHttpErrors: false,
    formatError: formatError(logger),
    plugins: [ApolloServerPluginUsageReportingDisabled(), ApolloServerPluginSchemaReportingDisabled(), ApolloServerPluginInlineTraceDisabled()],
    logger: { debug: () => undefined, info: () => undefined, warn: () => logger.warn('graphql-warning'), error: () => logger.error('graphql-error') },
  });
}
