import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { ACCESS_RULE } from '../../authorisation/requires.ts';
import { KeyResolver } from './key-resolver.ts';

describe('the key resolver', () => {
  it.each([
    ['keys', 'keys.read', false],
    ['rewrapJobs', 'keys.read', false],
    ['rotateIdentityKeys', 'keys.manage', true],
    ['rewrapKeys', 'keys.manage', true],
    ['destroyOldRootKeys', 'keys.manage', true],
  ] as const)('%s requires %s, step-up: %s', (field, permission, stepUp) => {
    const handler = Object.getOwnPropertyDescriptor(KeyResolver.prototype, field)?.value as object;
    expect(Reflect.getMetadata(ACCESS_RULE, handler)).toEqual({ kind: 'permission', permission, stepUp });
  });
});
