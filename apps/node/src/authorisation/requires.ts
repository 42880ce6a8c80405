import { SetMetadata } from '@nestjs/common';
import type { CustomDecorator } from '@nestjs/common';
import type { Permission } from './permissions.ts';

/** Where the guard finds what a handler requires. */
export const ACCESS_RULE = 'carecord:access-rule';

/** How long a proof counts for sensitive operations: a few clicks in a row, not a computer that was left. */
export const STEP_UP_MILLISECONDS = 5 * 60_000;

/** Who may call a handler: anybody, or who holds a permission and, for something sensitive, has just proved again who they are. */
export type AccessRule = { readonly kind: 'public' } | { readonly kind: 'permission'; readonly permission: Permission; readonly stepUp: boolean };

/**
 * The handler is for signed-in staff whose role holds the permission.
 * @param options `stepUp`: and who proved again, at most {@link STEP_UP_MILLISECONDS} ago, who they are
 */
export function Requires(permission: Permission, { stepUp = false }: { readonly stepUp?: boolean } = {}): CustomDecorator {
  return SetMetadata(ACCESS_RULE, { kind: 'permission', permission, stepUp } satisfies AccessRule);
}

/** The handler is for anybody: sign-in, health and what the authority publishes. */
export function Public(): CustomDecorator {
  return SetMetadata(ACCESS_RULE, { kind: 'public' } satisfies AccessRule);
}
