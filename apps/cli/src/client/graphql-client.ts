import { z } from 'zod';
import { CliError } from '../cli-error.ts';

/** A GraphQL call takes as long as the slowest thing behind it: a release with its blocks. */
const TIMEOUT_MILLISECONDS = 150_000;

const answerSchema = z.object({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z.array(z.object({ message: z.string() })).optional(),
});

/**
 * Sends one GraphQL operation and returns its data.
 * @param token the session's token, if there is a session
 * @throws CliError `GRAPHQL_FAILED` when the node does not answer with data; an expected failure is data
 */
export async function executeGraphql(url: string, token: string | undefined, document: string, variables: object): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    method: 'POST',
    // A connection that is kept may be closed by the node in the moment in which a mutation is sent, which nobody can send again.
    headers: { 'content-type': 'application/json', connection: 'close', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query: document, variables }),
    signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
  }).catch((cause: unknown) => {
    throw new CliError('GRAPHQL_FAILED', `No node could be reached at ${new URL(url).origin}: check that it runs, and its address.`, { cause });
  });
  const answer = answerSchema.safeParse(await response.json().catch(() => undefined));
  if (answer.data?.data == null) {
    const reason = answer.data?.errors?.[0]?.message ?? `HTTP status ${response.status}`;
    throw new CliError('GRAPHQL_FAILED', `The node did not answer the GraphQL operation: ${reason}`);
  }
  return answer.data.data;
}

/** An expected failure, as every field of the API can return it. */
export interface GraphqlFailure {
  readonly __typename: 'Failure';
  readonly code: string;
  readonly message: string;
  readonly issues: readonly { readonly severity: string; readonly code: string; readonly expression: string; readonly diagnostics: string }[];
}

/** What every operation asks of a failure. */
export const FAILURE_FIELDS = '__typename ... on Failure { code message issues { severity code expression diagnostics } }';

/** Whether a field's result is a failure. */
export function isFailure(result: unknown): result is GraphqlFailure {
  return typeof result === 'object' && result !== null && (result as { __typename?: unknown }).__typename === 'Failure';
}
