import type { TransactionRunner } from '@carecord/core';
import { constantTimeEqual, hashWithContext, open, seal } from '@carecord/crypto';
import type { GuardianClient } from './guardian-client.ts';
import { askingTag } from './keys.ts';
import type { HospitalKeys } from './keys.ts';
import type { LocatedNetwork, LocatorStore, PatientTag, StoredTag } from './ports.ts';
import { PUBLISH_PURPOSE } from './purpose.ts';

/** A stored tag, opened. */
export interface OpenTag {
  readonly tag: Uint8Array;
  readonly stored: StoredTag;
}

/** What a tag book needs. */
export interface TagBookOptions {
  readonly store: LocatorStore;
  readonly guardian: GuardianClient;
  readonly keys: HospitalKeys;
  readonly description: LocatedNetwork;
  /** The hospital's own DID. */
  readonly holder: string;
  readonly transactions: TransactionRunner;
}

const SEAL_CONTEXT = 'locator/tag';

/** The tags of a hospital's own patients: evaluated by the guardian once, then kept sealed. */
export class TagBook {
  constructor(private readonly options: TagBookOptions) {}

  /**
   * Brings a patient's tags to these identifiers: evaluates those that are new, or of another epoch.
   * @param inputs of `locatableInputs`
   * @returns `current`: one for each input; `former`: those of identifiers that the patient no longer has
   * @throws LocatorError what the guardian client throws
   */
  async update(patientId: string, inputs: readonly Uint8Array[]): Promise<{ current: OpenTag[]; former: OpenTag[] }> {
    const { store, keys, description, transactions } = this.options;
    const known = await store.tagsOfPatient(patientId);
    const isCurrent = (input: Uint8Array): boolean =>
      known.some((stored) => stored.epoch === description.epoch && constantTimeEqual(stored.identifierToken, keys.identifierToken(input)));
    const missing = inputs.filter((input) => !isCurrent(input));
    if (missing.length > 0) {
      const tags = await this.evaluate(patientId, missing);
      await transactions.run((transaction) => store.saveTags(transaction, tags));
    }
    const wanted = inputs.map((input) => keys.identifierToken(input));
    const opened = (missing.length === 0 ? known : await store.tagsOfPatient(patientId)).map((stored) => this.open(stored));
    const belongs = ({ stored }: OpenTag): boolean => wanted.some((token) => constantTimeEqual(token, stored.identifierToken));
    return { current: opened.filter(belongs), former: opened.filter((tag) => !belongs(tag)) };
  }

  private async evaluate(patientId: string, inputs: readonly Uint8Array[]): Promise<PatientTag[]> {
    const { guardian, keys, description, holder } = this.options;
    const tags = await guardian.tagsOf(inputs, PUBLISH_PURPOSE);
    return inputs.map((input, index) => {
      const tag = tags[index] as Uint8Array;
      const identifierToken = keys.identifierToken(input);
      return {
        patientId,
        identifierToken,
        tagToken: keys.tagToken(askingTag(tag, holder)),
        handleToken: keys.handleToken(keys.handle(tag, patientId)),
        sealedTag: seal(keys.tagSealKey, tag, SEAL_CONTEXT, belongsTo(patientId, identifierToken)),
        epoch: description.epoch,
      };
    });
  }

  private open(stored: StoredTag): OpenTag {
    const associated = belongsTo(stored.patientId, stored.identifierToken);
    return { tag: open(this.options.keys.tagSealKey, stored.sealedTag, SEAL_CONTEXT, associated), stored };
  }
}

function belongsTo(patientId: string, identifierToken: Uint8Array): Uint8Array {
  return hashWithContext('locator/tag-of', patientId, identifierToken);
}
