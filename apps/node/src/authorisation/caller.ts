import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { GqlExecutionContext } from '@nestjs/graphql';
import { clientAddress } from '../http/client-address.ts';
import type { AddressedRequest } from '../http/client-address.ts';
import { NodeError } from '../failures/node-error.ts';
import type { StaffPrincipal } from '../sessions/staff-principal.ts';

/** Who calls: set by the guard before any handler runs. */
export interface Caller {
  readonly token: string;
  readonly staff: StaffPrincipal;
}

/** The part of an Express request that authorisation reads and writes. */
export interface CallerRequest {
  readonly headers: { readonly authorization?: string };
  caller?: Caller;
}

/** The request behind a GraphQL field or an HTTP route. */
export function requestOf(context: ExecutionContext): CallerRequest {
  if (context.getType<'http' | 'graphql'>() === 'graphql') {
    return GqlExecutionContext.create(context).getContext<{ req: CallerRequest }>().req;
  }
  return context.switchToHttp().getRequest<CallerRequest>();
}

function callerOf(context: ExecutionContext): Caller {
  const { caller } = requestOf(context);
  if (caller === undefined) throw new NodeError('UNAUTHENTICATED', 'Sign in first.');
  return caller;
}

/** Parameter: the staff member who calls. */
export const CurrentStaff = createParamDecorator((_data: unknown, context: ExecutionContext): StaffPrincipal => callerOf(context).staff);

/** Parameter: the session token of the call, for signing out. */
export const CurrentToken = createParamDecorator((_data: unknown, context: ExecutionContext): string => callerOf(context).token);

/** Parameter: where the request comes from, for limits; behind a reverse proxy that is not trusted, the proxy. */
export const RemoteAddress = createParamDecorator((_data: unknown, context: ExecutionContext): string => {
  return clientAddress(GqlExecutionContext.create(context).getContext<{ req: AddressedRequest }>().req);
});
