import { SetMetadata } from '@nestjs/common';
import type { CustomDecorator } from '@nestjs/common';
import type { Permission } from './permissions.ts';

/** Where the guard finds what a handler requires. */
export const ACCESS_RULE = 'carecord:access-rule';

/** Who may call a handler: anybody, or who holds a permission. */
export type AccessRule = { readonly kind: 'public' } | { readonly kind: 'permission'; readonly permission: Permission };

/** The handler is for signed-in staff whose role holds the permission. */
export function Requires(permission: Permission): CustomDecorator {
  return SetMetadata(ACCESS_RULE, { kind: 'permission', permission } satisfies AccessRule);
}

/** The handler is for anybody: sign-in, health and what the authority publishes. */
export function Public(): CustomDecorator {
  return SetMetadata(ACCESS_RULE, { kind: 'public' } satisfies AccessRule);
}
