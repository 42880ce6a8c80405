import { z } from 'zod';

/** Longer is no identifier system or value that anybody prints on a card. */
const MAX_IDENTIFIER_PART = 255;

/** Internal ids are UUIDs. */
export const idSchema = z.uuid({ error: 'is not an id of this node' });

export const didSchema = z.string().regex(/^did:[a-z0-9]{2,20}:[A-Za-z0-9._:%-]{1,400}$/, { error: 'is not a DID' });

export const identifierSchema = z.object({
  system: z.string().trim().min(1, { error: 'is empty' }).max(MAX_IDENTIFIER_PART, { error: 'is too long' }),
  value: z.string().trim().min(1, { error: 'is empty' }).max(MAX_IDENTIFIER_PART, { error: 'is too long' }),
});

/** FHIR R4 has 146 resource types. */
export const resourceTypesSchema = z.array(z.string().regex(/^[A-Z][A-Za-z]{2,60}$/, { error: 'is not a FHIR resource type' })).min(1).max(150).nullish();

/** Entries of one page at the most, and unless the client says otherwise. */
export const MAX_PAGE_SIZE = 500;
export const DEFAULT_PAGE_SIZE = 100;

export const pageSchema = z
  .object({
    first: z.int().min(1, { error: 'must be at least 1' }).max(MAX_PAGE_SIZE, { error: `must not be more than ${MAX_PAGE_SIZE}` }).nullish(),
    after: z.string().regex(/^\d{1,15}$/, { error: 'is not a cursor of this list' }).nullish(),
  })
  .nullish()
  .transform((page) => ({ first: page?.first ?? DEFAULT_PAGE_SIZE, after: page?.after == null ? undefined : Number(page.after) }));

export type Page = z.infer<typeof pageSchema>;
