import type { Type } from '@nestjs/common';
import { createUnionType } from '@nestjs/graphql';
import { Failure } from './failure.ts';

/**
 * The result of a field: what was asked for, or a {@link Failure}. Resolvers return the first and throw the second:
 * the failure filter turns errors into it.
 */
export function resultUnion<Success extends object>(name: string, success: Type<Success>): Success | Failure {
  const types: readonly Type<Success | Failure>[] = [success, Failure];
  return createUnionType<readonly Type<Success | Failure>[]>({
    name,
    types: () => types,
    resolveType: (value: object) => (value instanceof Failure ? Failure : success),
  });
}
