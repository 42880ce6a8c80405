import { z } from 'zod';
import { assertionResponseSchema } from '../../staff/passkey-response.ts';
import type { StepUpProof } from '../../staff/step-up.ts';
import { textSchema } from '../common/input-schemas.ts';

/** A user name or password to try: what cannot be one is refused like any other. */
export const credentialSchema = z.string().min(1, { error: 'is empty' });

/** A one-time or recovery code, with what people add to it. */
export const codeSchema = z.string().min(1, { error: 'is empty' }).max(40, { error: 'is too long' });

/** A token of a sign-in that is under way: 32 bytes as base64url. */
export const challengeSchema = z.string().max(64, { error: 'is too long' });

/** A password to be set: its policy answers with a failure of its own. */
export const newPasswordSchema = z.string().max(1_000, { error: 'is too long' });

/** What a person calls a passkey. */
export const labelSchema = textSchema.trim().min(1, { error: 'is empty' }).max(60, { error: 'is too long' });

/** A WebAuthn credential id: at most 1023 bytes (section 5.8.1), as base64url. */
export const passkeyIdSchema = z.string().max(1364, { error: 'is too long' }).regex(/^[A-Za-z0-9_-]+$/, { error: 'is not the id of a passkey' });

/** Exactly one proof. */
export const stepUpProofSchema = z
  .object({ code: codeSchema.nullish(), password: credentialSchema.nullish(), passkey: assertionResponseSchema.nullish() })
  .transform(({ code, password, passkey }, context): StepUpProof => {
    const proofs: StepUpProof[] = [
      ...(code == null ? [] : [{ code }]),
      ...(password == null ? [] : [{ password }]),
      ...(passkey == null ? [] : [{ passkey }]),
    ];
    const [proof] = proofs;
    if (proof !== undefined && proofs.length === 1) return proof;
    context.addIssue({ code: 'custom', message: 'must hold exactly one proof' });
    return z.NEVER;
  });
