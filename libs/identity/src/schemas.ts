import { z } from 'zod';
import { MAX_DID_CHARACTERS, MAX_NAME_CHARACTERS, MAX_NETWORK_ID_CHARACTERS } from './limits.ts';

/** A DID (DID Core 1.0, section 3.1) of at most {@link MAX_DID_CHARACTERS}: the one form in which a member is named anywhere. */
export const didSchema = z
  .string()
  .max(MAX_DID_CHARACTERS, { error: 'is not a DID' })
  .regex(/^did:[a-z0-9]+:[A-Za-z0-9._:%-]+$/, { error: 'is not a DID' });

/** The id of a network. */
export const networkIdSchema = z.string().min(1).max(MAX_NETWORK_ID_CHARACTERS);

/**
 * Words with single spaces between them, and nothing that is not seen or changes how the rest is seen: control characters, which a
 * terminal obeys, marks of direction, blanks of other kinds and letters without a shape would make one name look like another.
 */
const VISIBLE_WORDS = /^[^\p{Z}\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}]+(?: [^\p{Z}\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}]+)*$/u;

/** An organisation's name, in Unicode's normal form C. Strangers choose it, and people decide by what they see. */
export const memberNameSchema = z
  .string()
  .min(1)
  .max(MAX_NAME_CHARACTERS)
  .regex(VISIBLE_WORDS, { error: 'has characters that are not seen, or other blanks than single spaces between words' })
  .refine((name) => name.normalize('NFC') === name, { error: 'is not in Unicode normal form C' });

/** An authority's address and the path of its status list. */
const MAX_URL_CHARACTERS = 512;

/** An address on the web. Plain `http` is for a network on one machine: who reads a network file decides whether it may be. */
export const webUrlSchema = z.url({ protocol: /^https?$/ }).max(MAX_URL_CHARACTERS);

/** A `did:key` of an Ed25519 key: a witness's (did:webvh 1.0, "Witnesses"). */
export const witnessSchema = z.string().regex(/^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}$/, { error: 'is not a did:key of an Ed25519 key' });
