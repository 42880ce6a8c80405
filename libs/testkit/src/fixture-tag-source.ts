import { keyedToken, randomKey } from '@carecord/crypto';
import { LocatorError } from '@carecord/locator';
import type { Epoch, EpochTags, TagRequest, TagSource } from '@carecord/locator';

/** Makes tags in the process, with one secret an epoch: what guardians do together, without them. */
export class FixtureTagSource implements TagSource {
  /** The newest first. */
  live: Epoch[] = [{ number: 1, endsAt: undefined }];
  /** Epochs whose guardians do not answer. */
  readonly unavailable = new Set<number>();
  /** What was asked for, in order. */
  readonly asked: { readonly request: TagRequest; readonly inputs: number; readonly epochs: readonly number[] }[] = [];
  private readonly secret = randomKey();

  epochs(): Promise<readonly Epoch[]> {
    return Promise.resolve(this.live);
  }

  tagsOf(inputs: readonly Uint8Array[], request: TagRequest, epochs: readonly number[]): Promise<readonly EpochTags[]> {
    this.asked.push({ request, inputs: inputs.length, epochs });
    if (epochs.some((epoch) => this.unavailable.has(epoch))) return Promise.reject(new LocatorError('GUARDIAN_UNAVAILABLE', 'Too few guardians answered.'));
    return Promise.resolve(epochs.map((epoch) => ({ epoch, tags: inputs.map((input) => keyedToken(this.secret, 'fixture/tag', String(epoch), input)) })));
  }
}
