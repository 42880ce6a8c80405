import type { Logger } from '@carecord/core';
import type { GraphQLFormattedError } from 'graphql';

/** Codes of requests that GraphQL itself refuses: their messages speak about the document, which the client wrote. */
const DOCUMENT_CODES: ReadonlySet<unknown> = new Set(['GRAPHQL_PARSE_FAILED', 'GRAPHQL_VALIDATION_FAILED', 'OPERATION_RESOLUTION_FAILURE', 'PERSISTED_QUERY_NOT_SUPPORTED', 'BAD_REQUEST']);

const VARIABLE = /^Variable "\$(\w{1,60})"/;

/**
 * What leaves in `errors`: mistakes in the document. Expected failures are results of fields and do not come here; what
 * does come is unexpected, is logged, and says nothing. GraphQL quotes the values of variables, and we do not: they end in
 * the logs of clients.
 */
export function formatError(logger: Logger): (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError {
  return (formatted, error) => {
    const code = formatted.extensions?.['code'];
    const places = formatted.locations === undefined ? {} : { locations: formatted.locations };
    if (DOCUMENT_CODES.has(code)) return { message: formatted.message, ...places, extensions: { code } };
    if (code === 'BAD_USER_INPUT') {
      const variable = VARIABLE.exec(formatted.message)?.[1];
      const message = variable === undefined ? 'An argument does not have the declared type.' : `The variable $${variable} does not have the declared type.`;
      return { message, ...places, extensions: { code } };
    }
    logger.error('graphql-unexpected-error', {}, (error as { originalError?: unknown } | undefined)?.originalError ?? error);
    return { message: 'Something went wrong on this node. Its log has the details.', extensions: { code: 'INTERNAL' } };
  };
}
