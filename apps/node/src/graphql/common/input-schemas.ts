import { MAX_NAMED_HOSPITALS } from '@carecord/core';
import { ADMINISTRATIVE_SEXES } from '@carecord/fhir';
import { didSchema } from '@carecord/identity';
import { z } from 'zod';

/** Longer is no identifier system or value that anybody prints on a card. */
const MAX_IDENTIFIER_PART = 255;

/** Internal ids are UUIDs: written in either case they mean the same (RFC 9562, section 4), and everything keyed by them has lower case. */
export const idSchema = z.uuid({ error: 'is not an id of this node' }).transform((id) => id.toLowerCase());

/** A text that can be stored and encoded: no lone surrogates, no NUL. */
export const textSchema = z.string().refine((text) => text.isWellFormed() && !text.includes('\0'), { error: 'holds characters that are no text' });

export const identifierSchema = z.object({
  system: textSchema.trim().min(1, { error: 'is empty' }).max(MAX_IDENTIFIER_PART, { error: 'is too long' }),
  value: textSchema.trim().min(1, { error: 'is empty' }).max(MAX_IDENTIFIER_PART, { error: 'is too long' }),
});

/** Longer is no name that anybody would be looked for by. */
const MAX_NAME = 255;
const nameSchema = textSchema.trim().min(1, { error: 'is empty' }).max(MAX_NAME, { error: 'is too long' });

export const demographicsSchema = z.object({
  family: nameSchema,
  given: nameSchema,
  birthDate: z.iso.date({ error: 'is not a date like 1970-12-31' }),
  sex: z.enum(ADMINISTRATIVE_SEXES),
});

/** The hospitals of a listing. */
export const hospitalsSchema = z.array(didSchema).max(MAX_NAMED_HOSPITALS, { error: `must not be more than ${MAX_NAMED_HOSPITALS}` }).nullish();

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
