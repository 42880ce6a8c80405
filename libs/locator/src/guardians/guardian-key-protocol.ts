import type { MessageProtocol } from '@carecord/network';
import { z } from 'zod';
import { MAX_SIGNED_KEY_BYTES, signedKeySchema } from './key-statement.ts';
import { MAX_LIVE_EPOCHS } from './limits.ts';

export const guardianKeyRequestSchema = z.strictObject({});
export const guardianKeyResponseSchema = z.strictObject({ keys: z.array(signedKeySchema).max(MAX_LIVE_EPOCHS) });

/** `/carecord/locator/guardian-key/1`: the keys of the epochs that count now, each signed by guardians. */
export const GUARDIAN_KEY_PROTOCOL: MessageProtocol<typeof guardianKeyRequestSchema, typeof guardianKeyResponseSchema> = {
  name: '/carecord/locator/guardian-key/1',
  request: guardianKeyRequestSchema,
  response: guardianKeyResponseSchema,
  maxRequestBytes: 16,
  maxResponseBytes: MAX_LIVE_EPOCHS * MAX_SIGNED_KEY_BYTES,
  timeoutMilliseconds: 10_000,
  // Each member asks again every few minutes, and once after each change.
  rate: { burst: 30, perSecond: 0.5 },
};
