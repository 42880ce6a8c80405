import { addWitnessProofs, IdentityError } from '@carecord/identity';
import type { DidHistory, WitnessProof } from '@carecord/identity';

/** A history with those proofs that are of it: what one faulty authority gave does not spoil the others'. */
export function withProofs(history: DidHistory, proofs: readonly WitnessProof[]): DidHistory {
  return addWitnessProofs(
    history,
    proofs.filter((proof) => isProofOf(history, proof)),
  );
}

/** Whether a witness, whoever it is, signed a version of this history. */
export function isProofOf(history: DidHistory, proof: WitnessProof): boolean {
  try {
    addWitnessProofs(history, [proof]);
    return true;
  } catch (error) {
    if (error instanceof IdentityError) return false;
    throw error;
  }
}
