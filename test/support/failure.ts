import { expect } from '@jest/globals';
import { FAILURE_FIELDS, executeGraphql } from '../../apps/cli/src/client/graphql-client.ts';

/** Runs an operation of one field and returns the code of the failure that it must answer with. */
export async function failureOf(url: string, token: string | undefined, operation: { readonly header?: string; readonly field: string; readonly variables?: object }): Promise<string> {
  const data = await executeGraphql(url, token, `${operation.header ?? 'query'} { result: ${operation.field} { ${FAILURE_FIELDS} } }`, operation.variables ?? {});
  const result = data['result'] as { __typename: string; code?: string; message?: string };
  expect(result.__typename).toBe('Failure');
  expect(result.message).toMatch(/\.$/);
  return result.code ?? '';
}
