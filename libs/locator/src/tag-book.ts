import type { TransactionRunner } from '@carecord/core';
import { hashWithContext, open, seal } from '@carecord/crypto';
import { Gate } from './gate.ts';
import { MAX_INPUTS } from './guardians/limits.ts';
import { askingTag } from './keys.ts';
import type { HospitalKeys } from './keys.ts';
import type { LocatorStore, PatientTag, StoredTag, TagKey } from './ports.ts';
import { PUBLISH_PURPOSE } from './purpose.ts';
import type { RecipeInput } from './recipes.ts';
import type { TagSource } from './tag-source.ts';

/** A stored tag, opened. */
export interface OpenTag {
  readonly tag: Uint8Array;
  readonly stored: StoredTag;
}

/** A patient and by what others can know it. */
export interface TaggedSubject {
  readonly patientId: string;
  readonly inputs: readonly RecipeInput[];
}

/** The tags of one patient. */
export interface PatientTags {
  /** For each input and epoch that could be evaluated. */
  readonly current: readonly OpenTag[];
  /** Those of inputs that the patient no longer has. */
  readonly former: readonly OpenTag[];
  /** Of a patient who has no inputs any more: those of epochs that are over, which nothing will take the place of. */
  readonly ended: readonly TagKey[];
  /** Why some are missing. */
  readonly error: unknown;
}

/** What a tag book needs. */
export interface TagBookOptions {
  readonly store: LocatorStore;
  readonly source: TagSource;
  readonly keys: HospitalKeys;
  /** The hospital's own DID. */
  readonly holder: string;
  readonly transactions: TransactionRunner;
}

/** Questions to the guardians at once while the hospital publishes: those who look somebody up come first. */
const MAX_QUESTIONS = 4;
const SEAL_CONTEXT = 'locator/tag';

/** One input that has to be evaluated, in some epochs. */
interface Missing {
  readonly patientId: string;
  readonly input: RecipeInput;
  readonly epochs: readonly number[];
}

/** The tags of a hospital's own patients: evaluated by guardians once an epoch, then kept sealed. */
export class TagBook {
  private readonly gate = new Gate(MAX_QUESTIONS);

  constructor(private readonly options: TagBookOptions) {}

  /**
   * Brings the tags of patients to these inputs in all of these epochs. What could be evaluated is kept even where something fails, and
   * not asked for again.
   * @returns by patient id
   */
  async update(subjects: readonly TaggedSubject[], epochs: readonly number[]): Promise<Map<string, PatientTags>> {
    const { store } = this.options;
    const ids = subjects.map(({ patientId }) => patientId);
    const known = byPatient(await store.tagsOf(ids));
    const missing = subjects.flatMap((subject) => this.missingOf(subject, known.get(subject.patientId) ?? [], epochs));
    const errors = await this.evaluateAll(missing);
    const present = missing.length === 0 ? known : byPatient(await store.tagsOf(ids));
    return new Map(subjects.map((subject) => [subject.patientId, this.sorted(subject, present.get(subject.patientId) ?? [], epochs, errors.get(subject.patientId))]));
  }

  /** Makes a row that looks like a patient's for what is not one. */
  rowOf(key: Omit<TagKey, 'inputToken'> & { readonly input: Uint8Array }, recipe: PatientTag['recipe'], tag: Uint8Array): PatientTag {
    const { keys, holder } = this.options;
    const { patientId, epoch, input } = key;
    const inputToken = keys.inputToken(input);
    return {
      patientId,
      inputToken,
      epoch,
      recipe,
      tagToken: keys.tagToken(askingTag(tag, holder)),
      handleToken: keys.handleToken(keys.handle(tag, patientId)),
      sealedTag: seal(keys.tagSealKey, tag, SEAL_CONTEXT, belongsTo({ patientId, inputToken, epoch })),
    };
  }

  /** The tag of a stored row. */
  open(stored: StoredTag): OpenTag {
    return { tag: open(this.options.keys.tagSealKey, stored.sealedTag, SEAL_CONTEXT, belongsTo(stored)), stored };
  }

  private missingOf({ patientId, inputs }: TaggedSubject, known: readonly StoredTag[], epochs: readonly number[]): Missing[] {
    const has = new Set(known.map(nameOf));
    return inputs
      .map((input) => {
        const inputToken = this.options.keys.inputToken(input.input);
        return { patientId, input, epochs: epochs.filter((epoch) => !has.has(nameOf({ inputToken, epoch }))) };
      })
      .filter((one) => one.epochs.length > 0);
  }

  /** @returns what failed, by patient */
  private async evaluateAll(missing: readonly Missing[]): Promise<Map<string, unknown>> {
    const errors = new Map<string, unknown>();
    let broken: { readonly error: unknown } | undefined;
    const evaluate = async (batch: readonly Missing[]): Promise<void> => {
      try {
        // Guardians that do not answer, or refuse, do so for all: the rest is tried again with the next run.
        if (broken !== undefined) throw broken.error;
        await this.evaluate(batch);
      } catch (error) {
        broken ??= { error };
        for (const { patientId } of batch) errors.set(patientId, error);
      }
    };
    await Promise.all(batchesOf(missing).map((batch) => this.gate.run(() => evaluate(batch))));
    return errors;
  }

  private async evaluate(batch: readonly Missing[]): Promise<void> {
    const { store, source, transactions } = this.options;
    const [{ epochs }] = batch as [Missing];
    const evaluated = await source.tagsOf(batch.map(({ input }) => input.input), { purpose: PUBLISH_PURPOSE }, epochs);
    const rows = evaluated.flatMap(({ epoch, tags }) =>
      batch.map(({ patientId, input }, at) => this.rowOf({ patientId, epoch, input: input.input }, input.recipe, tags[at] as Uint8Array)),
    );
    await transactions.run((transaction) => store.saveTags(transaction, rows));
  }

  private sorted({ inputs }: TaggedSubject, stored: readonly StoredTag[], epochs: readonly number[], error: unknown): PatientTags {
    const wanted = new Set(inputs.flatMap(({ input }) => epochs.map((epoch) => nameOf({ inputToken: this.options.keys.inputToken(input), epoch }))));
    const live = stored.filter(({ epoch }) => epochs.includes(epoch)).map((one) => this.open(one));
    return {
      current: live.filter((tag) => wanted.has(nameOf(tag.stored))),
      former: live.filter((tag) => !wanted.has(nameOf(tag.stored))),
      ended: inputs.length > 0 ? [] : stored.filter(({ epoch }) => !epochs.includes(epoch)),
      error,
    };
  }
}

/** As many inputs as a guardian takes at once, of whichever patients, that are wanted in the same epochs. */
function batchesOf(missing: readonly Missing[]): Missing[][] {
  const batches: Missing[][] = [];
  for (const alike of Map.groupBy(missing, ({ epochs }) => epochs.join()).values()) {
    for (let from = 0; from < alike.length; from += MAX_INPUTS) batches.push(alike.slice(from, from + MAX_INPUTS));
  }
  return batches;
}

function byPatient(tags: readonly StoredTag[]): Map<string, StoredTag[]> {
  return Map.groupBy(tags, ({ patientId }) => patientId);
}

function nameOf({ inputToken, epoch }: Pick<TagKey, 'epoch' | 'inputToken'>): string {
  return `${epoch} ${Buffer.from(inputToken).toString('hex')}`;
}

function belongsTo({ patientId, inputToken, epoch }: TagKey): Uint8Array {
  return hashWithContext('locator/tag-of', patientId, inputToken, String(epoch));
}
