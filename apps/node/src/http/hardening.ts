import type { IncomingMessage, ServerResponse } from 'node:http';
import { respondJson } from '../failures/http-status.ts';

type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/** Answers hold records: nobody on the way keeps them, and no browser takes them for anything but data. */
export const secureHeaders: Middleware = (_request, response, next) => {
  response.setHeader('cache-control', 'no-store');
  response.setHeader('x-content-type-options', 'nosniff');
  response.setHeader('referrer-policy', 'no-referrer');
  response.setHeader('content-security-policy', "default-src 'none'; frame-ancestors 'none'");
  next();
};

/** GraphQL over GET would put variables, and so identifiers of patients, into URLs and logs. */
export const postOnly: Middleware = (request, response, next) => {
  if (request.method === 'POST') {
    next();
    return;
  }
  response.setHeader('allow', 'POST');
  respondJson(response, 405, { code: 'METHOD_NOT_ALLOWED', message: 'This address accepts POST alone.' });
};
