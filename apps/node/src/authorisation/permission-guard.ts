import { Injectable } from '@nestjs/common';
import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { NodeError } from '../failures/node-error.ts';
import { Authenticator } from './authenticator.ts';
import { requestOf } from './caller.ts';
import type { CallerRequest } from './caller.ts';
import { isPermitted } from './permissions.ts';
import { ACCESS_RULE } from './requires.ts';
import type { AccessRule } from './requires.ts';

/** Stands before every field and route. What carries no rule is refused, so that nobody can forget one. */
@Injectable()
export class PermissionGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authenticator: Authenticator,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const rule = this.reflector.get<AccessRule | undefined>(ACCESS_RULE, context.getHandler());
    if (rule === undefined) throw new NodeError('FORBIDDEN', 'This is not open to anybody.');
    if (rule.kind === 'public') return true;
    const request = requestOf(context);
    const token = bearerToken(request);
    if (token === undefined) throw new NodeError('UNAUTHENTICATED', 'Sign in first: there is no session, or it has ended.');
    const staff = await this.authenticator.authenticate(token);
    const operation = context.getHandler().name;
    if (!isPermitted(staff.role, rule.permission)) {
      await this.authenticator.noteRefusal(token, staff, operation, 'FORBIDDEN');
      throw new NodeError('FORBIDDEN', 'Your role may not do this.');
    }
    if (rule.stepUp && !this.authenticator.isSteppedUp(staff)) {
      await this.authenticator.noteRefusal(token, staff, operation, 'STEP_UP_REQUIRED');
      throw new NodeError('STEP_UP_REQUIRED', 'This is sensitive: prove once more who you are (stepUp), then try again.');
    }
    request.caller = { token, staff };
    return true;
  }
}

function bearerToken(request: CallerRequest): string | undefined {
  return /^Bearer ([A-Za-z0-9_-]{1,200})$/.exec(request.headers.authorization ?? '')?.[1];
}
