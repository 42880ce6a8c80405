import type { IncomingMessage, ServerResponse } from 'node:http';
import { newId } from '@carecord/core';
import type { Params } from 'nestjs-pino';
import type { Logger as PinoLogger } from 'pino';

/** Health probes come every few seconds: at level info they would bury everything else. */
const QUIET_PATH = /^\/health\//;

/** One line a request: method, path, status and duration. No query string, header, body, GraphQL document or variable. */
export function requestLogging(writer: PinoLogger): Params {
  return {
    pinoHttp: {
      logger: writer,
      genReqId: () => newId(),
      wrapSerializers: false,
      serializers: {
        req: (request: IncomingMessage) => ({ id: request.id, method: request.method, path: pathOf(request) }),
        res: (response: ServerResponse) => ({ status: response.statusCode }),
      },
      customSuccessMessage: () => 'request',
      customErrorMessage: () => 'request failed',
      customLogLevel: (request, response, error) => {
        if (QUIET_PATH.test(request.url ?? '')) return 'debug';
        return error !== undefined || response.statusCode >= 500 ? 'error' : 'info';
      },
    },
  };
}

/** The known paths alone: whatever else somebody asks for may hold anything. */
function pathOf(request: IncomingMessage): string {
  const path = ((request as { originalUrl?: string }).originalUrl ?? request.url ?? '').split('?', 1)[0] ?? '';
  return /^\/(graphql|health\/(live|ready)|\.well-known\/(did\.jsonl?|did-witness\.json|did-cosignatures\.json|smart-configuration|oauth-authorization-server)|network|memberships|witness-proofs|status-list|oauth\/token|openid\/(start|callback|session|step-up|back-channel-logout))$/.test(path) ? path : '(other)';
}
