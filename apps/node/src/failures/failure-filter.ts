import { Catch } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import type { Logger } from '@carecord/core';
import type { ServerResponse } from 'node:http';
import { Failure } from '../graphql/common/failure.ts';
import { describeError } from './describe-error.ts';
import { httpStatusOf, respondJson } from './http-status.ts';

/**
 * Turns every error that leaves a handler into a failure: the result of a GraphQL field (NestJS makes a filter's return
 * value the field's value), or a JSON body with a status over plain HTTP.
 */
@Catch()
export class FailureFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(error: unknown, host: ArgumentsHost): Failure | undefined {
    const { code, message, issues } = describeError(error);
    if (code === 'INTERNAL') this.logger.error('unexpected-error', { handler: host.getType<string>() }, error);
    if (host.getType<'http' | 'graphql'>() === 'graphql') return new Failure(code, message, issues);
    const response = host.switchToHttp().getResponse<ServerResponse>();
    if (!response.headersSent) respondJson(response, httpStatusOf(code), { code, message });
    return undefined;
  }
}
