import type { Clock } from '@carecord/core';
import { idOf, placeId } from './placement.ts';
import { MAX_GROUP_VALUES } from './read-protocol.ts';
import type { ReadQuestion, ReadRequest, ReadResponse } from './read-protocol.ts';
import type { Attachment, DhtValueStore, StoredValue } from './value-store-port.ts';
import { AttachmentList, MAX_CONTENT_BYTES, MAX_MESSAGE_VALUES, VALUE_OVERHEAD_BYTES } from './wire-values.ts';

/** What {@link readHere} works with. */
export interface ReadHereOptions {
  readonly store: Pick<DhtValueStore, 'read' | 'readGroups' | 'attachments'>;
  readonly clock: Clock;
}

/** A value in the store with its attachment. */
export interface ValueHere extends StoredValue {
  readonly attachment?: Uint8Array;
}

/** What our own store has at each of the places, in their order; nothing of a value whose attachment is missing. */
export async function readHere(questions: readonly ReadQuestion[], { store, clock }: ReadHereOptions): Promise<ValueHere[][]> {
  const now = clock.now();
  const places = questions.flatMap((question) => ('key' in question ? [{ namespace: question.kind, key: question.key }] : []));
  const groups = questions.flatMap((question) => ('key' in question ? [] : [{ namespace: question.kind, placement: question.placement }]));
  const [atPlaces, inGroups] = await Promise.all([store.read(places, now), store.readGroups(groups, MAX_GROUP_VALUES, now)]);
  const attachments = await attachmentsOf([...atPlaces, ...inGroups], store);
  const byPlace = new Map<string, ValueHere[]>();
  const byGroup = new Map<string, ValueHere[]>();
  for (const value of atPlaces) add(byPlace, placeId(value.namespace, value.key), value, attachments);
  for (const value of inGroups) add(byGroup, placeId(value.namespace, value.placement), value, attachments);
  return questions.map((question) =>
    ('key' in question ? byPlace.get(placeId(question.kind, question.key)) : byGroup.get(placeId(question.kind, question.placement))) ?? [],
  );
}

/** Answers `/carecord/values/read/1` with as much as fits into one message. */
export async function answerRead({ places }: ReadRequest, options: ReadHereOptions): Promise<ReadResponse> {
  const found = await readHere(places, options);
  const attachments = new AttachmentList();
  const values: ReadResponse['values'] = [];
  const left: number[] = [];
  let bytes = 0;
  for (const [place, here] of found.entries()) {
    const cost = costOf(here, attachments);
    // The first one with values always goes, so that whoever asks again for the rest comes to an end.
    if (values.length > 0 && (bytes + cost > MAX_CONTENT_BYTES || values.length + here.length > MAX_MESSAGE_VALUES)) {
      left.push(place);
      continue;
    }
    for (const { key, value, attachment } of here) {
      const one = value.length + key.length + VALUE_OVERHEAD_BYTES + attachments.costOf(attachment);
      // A group of the largest values is cut: there are others who hold the same.
      if (bytes + one > MAX_CONTENT_BYTES && values.length > 0) break;
      bytes += one;
      values.push({ place, key, value, ...attachments.refer(attachment) });
    }
  }
  return { attachments: attachments.all, values, left };
}

async function attachmentsOf(values: readonly StoredValue[], store: ReadHereOptions['store']): Promise<Map<string, Attachment>> {
  const hashes = new Map(values.flatMap(({ attachmentHash }) => (attachmentHash === undefined ? [] : [[idOf(attachmentHash), attachmentHash]])));
  const found = await store.attachments([...hashes.values()]);
  return new Map(found.map((attachment) => [idOf(attachment.hash), attachment]));
}

function add(values: Map<string, ValueHere[]>, id: string, value: StoredValue, attachments: ReadonlyMap<string, Attachment>): void {
  const known = values.get(id) ?? [];
  values.set(id, known);
  if (value.attachmentHash === undefined) {
    known.push(value);
    return;
  }
  const attachment = attachments.get(idOf(value.attachmentHash));
  if (attachment !== undefined) known.push({ ...value, attachment: attachment.bytes });
}

function costOf(values: readonly ValueHere[], attachments: AttachmentList): number {
  return values.reduce((sum, { key, value, attachment }) => sum + key.length + value.length + VALUE_OVERHEAD_BYTES + attachments.costOf(attachment), 0);
}
