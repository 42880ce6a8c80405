import { decodeWire, encodeWire } from '@carecord/core';
import { sha256 } from '@carecord/crypto';
import { type DhtEntry, type DhtValueKind, valueRefused } from '@carecord/network';
import { z } from 'zod';

const MAX_NOTE_BYTES = 256;
const noteSchema = z.strictObject({ text: z.string().max(128), expiresAt: z.int().nonnegative() });

/** The kind `test-note` of whole-system tests: a text stands under its own hash, so its place is the same in every run. */
export const noteKind: DhtValueKind = {
  namespace: 'test-note',
  maxBytes: MAX_NOTE_BYTES,
  validate: (key, value) => {
    const { text, expiresAt } = decodeWire(noteSchema, value, MAX_NOTE_BYTES);
    if (Buffer.compare(noteKey(text), key) !== 0) return Promise.reject(valueRefused('A note stands under another hash.'));
    return Promise.resolve({ sequence: expiresAt, owner: Buffer.from(key).toString('hex'), expiresAt: new Date(expiresAt) });
  },
};

/** Where a note stands. */
export function noteKey(text: string): Uint8Array {
  return sha256(new TextEncoder().encode(text));
}

/** A note, ready to be published. */
export function makeNote(text: string, expiresAt: Date): DhtEntry {
  return { kind: noteKind, key: noteKey(text), value: encodeWire(noteSchema, { text, expiresAt: expiresAt.getTime() }) };
}
