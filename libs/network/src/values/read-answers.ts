import type { Clock } from '@carecord/core';
import { idOf, placeId } from './placement.ts';
import { MAX_GROUP_VALUES } from './read-protocol.ts';
import type { ReadQuestion, ReadRequest, ReadResponse } from './read-protocol.ts';
import type { Attachment, DhtValueStore, StoredValue } from './value-store-port.ts';
import { AttachmentList, MAX_CONTENT_BYTES, MAX_MESSAGE_VALUES, VALUE_OVERHEAD_BYTES } from './wire-values.ts';

/** Places that are read together for an answer: whoever names many large values has no more of them in our memory than go into a few messages. */
const PLACES_AT_ONCE = 64;

/** What {@link readHere} works with. */
export interface ReadHereOptions {
  readonly store: Pick<DhtValueStore, 'read' | 'readGroups' | 'attachments'>;
  readonly clock: Clock;
}

/** A value in the store with its attachment. */
export interface ValueHere extends StoredValue {
  readonly attachment?: Uint8Array;
}

/** What our own store has at each of the places, in their order, one that is named twice read once; nothing of a value whose attachment is missing. */
export async function readHere(questions: readonly ReadQuestion[], { store, clock }: ReadHereOptions): Promise<ValueHere[][]> {
  const now = clock.now();
  const distinct = [...new Map(questions.map((question) => [idOfQuestion(question), question])).values()];
  const places = distinct.flatMap((question) => ('key' in question ? [{ namespace: question.kind, key: question.key }] : []));
  const groups = distinct.flatMap((question) => ('key' in question ? [] : [{ namespace: question.kind, placement: question.placement }]));
  const [atPlaces, inGroups] = await Promise.all([store.read(places, now), store.readGroups(groups, MAX_GROUP_VALUES, now)]);
  const attachments = await attachmentsOf([...atPlaces, ...inGroups], store);
  const found = new Map<string, ValueHere[]>();
  for (const value of atPlaces) add(found, idOfQuestion({ kind: value.namespace, key: value.key }), value, attachments);
  for (const value of inGroups) add(found, idOfQuestion({ kind: value.namespace, placement: value.placement }), value, attachments);
  return questions.map((question) => found.get(idOfQuestion(question)) ?? []);
}

function idOfQuestion(question: ReadQuestion): string {
  return 'key' in question ? `key ${placeId(question.kind, question.key)}` : `group ${placeId(question.kind, question.placement)}`;
}

/** Answers `/carecord/values/read/1` with as much as fits into one message. */
export async function answerRead({ places }: ReadRequest, options: ReadHereOptions): Promise<ReadResponse> {
  const attachments = new AttachmentList();
  const values: ReadResponse['values'] = [];
  const left: number[] = [];
  let bytes = 0;
  let found: ValueHere[][] = [];
  for (const place of places.keys()) {
    if (place % PLACES_AT_ONCE === 0) {
      // There was no room for some: nor is there for more than a little.
      if (left.length > 0) return { attachments: attachments.all, values, left: [...left, ...Array.from(places.keys()).slice(place)] };
      found = await readHere(places.slice(place, place + PLACES_AT_ONCE), options);
    }
    const here = found[place % PLACES_AT_ONCE] ?? [];
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
