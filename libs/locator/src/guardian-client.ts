import { NetworkError } from '@carecord/network';
import type { NetworkHost } from '@carecord/network';
import { EVALUATION_PROTOCOL } from './evaluation-protocol.ts';
import { GUARDIAN_REFUSAL_CODES, LocatorError } from './locator-error.ts';
import { blindInputs, finalizeTags } from './oprf.ts';
import type { Evaluation } from './oprf.ts';
import type { LocatedNetwork } from './ports.ts';
import type { EvaluationPurpose } from './purpose.ts';

/** Has identifiers evaluated by the network's guardian, without showing them. */
export class GuardianClient {
  constructor(
    private readonly network: Pick<NetworkHost, 'request'>,
    private readonly description: LocatedNetwork,
  ) {}

  /**
   * The tags of identifiers, verified against the guardian's public key.
   * @param inputs of `identifierInput`, 1 to `MAX_IDENTIFIERS`
   * @returns a tag for each input, in their order
   * @throws LocatorError a guardian's refusal, `GUARDIAN_REFUSED`, `GUARDIAN_UNAVAILABLE` or `GUARDIAN_PROOF_INVALID`
   */
  async tagsOf(inputs: readonly Uint8Array[], purpose: EvaluationPurpose): Promise<Uint8Array[]> {
    const request = blindInputs(inputs);
    const evaluation = await this.evaluate([...request.blinded], purpose);
    return finalizeTags(request, evaluation, this.description.guardianPublicKey);
  }

  private async evaluate(blinded: Uint8Array[], purpose: EvaluationPurpose): Promise<Evaluation> {
    try {
      return await this.network.request(EVALUATION_PROTOCOL, this.description.guardian, { purpose, blinded });
    } catch (cause) {
      throw asLocatorError(cause);
    }
  }
}

function asLocatorError(cause: unknown): LocatorError {
  if (cause instanceof NetworkError && cause.code === 'REMOTE_REFUSED') {
    const told = GUARDIAN_REFUSAL_CODES.find((code) => code === cause.remoteCode);
    return new LocatorError(told ?? 'GUARDIAN_REFUSED', 'The guardian refused to evaluate the identifier.', { cause });
  }
  return new LocatorError('GUARDIAN_UNAVAILABLE', 'The guardian cannot be reached; try again later.', { cause });
}
