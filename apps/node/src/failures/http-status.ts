import type { ServerResponse } from 'node:http';
import type { FailureCode } from './failure-codes.ts';

/** The HTTP status of the codes that can leave over plain HTTP; GraphQL failures are results and answer 200. */
const STATUS: Partial<Record<FailureCode, number>> = {
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  TICKET_INVALID: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  INPUT_TOO_LARGE: 413,
  RATE_LIMITED: 429,
  INTERNAL: 500,
  NODE_STARTING: 503,
  DATABASE_UNAVAILABLE: 503,
  KEY_HOLDER_UNAVAILABLE: 503,
};

const BAD_REQUEST = 400;

export function httpStatusOf(code: FailureCode): number {
  return STATUS[code] ?? BAD_REQUEST;
}

/** Ends a response with a JSON body. */
export function respondJson(response: ServerResponse, status: number, body: Readonly<Record<string, unknown>>): void {
  response.statusCode = status;
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.end(JSON.stringify(body));
}
