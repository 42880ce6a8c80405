import { z } from 'zod';
import { STAFF_ROLES } from '../authorisation/roles.ts';

export const demoAccountsSchema = z
  .array(
    z.strictObject({
      username: z.string().min(1).max(100),
      password: z.string().min(8).max(200),
      role: z.enum(STAFF_ROLES),
    }),
  )
  .max(100);

/** One-time tickets: whoever shows one is admitted once, under the ticket's name when it has one. */
export const demoTicketsSchema = z.array(z.strictObject({ ticket: z.string().min(16).max(200), name: z.string().max(200).optional() })).max(100);

export type DemoAccount = z.infer<typeof demoAccountsSchema>[number];
export type DemoTicket = z.infer<typeof demoTicketsSchema>[number];

/** Parses a mounted JSON file; a failure becomes one sentence that names the place, never the content. */
export function parseMountedJson<Schema extends z.ZodType>(
  variable: string,
  text: string | undefined,
  schema: Schema,
  mistakes: string[],
): z.infer<Schema> | undefined {
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    mistakes.push(`${variable} names a file that is not JSON.`);
    return undefined;
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  mistakes.push(`${variable} names a file whose content is wrong at "${result.error.issues[0]?.path.join('.') ?? ''}".`);
  return undefined;
}
