import { bytes } from '@carecord/core';
import { z } from 'zod';
import { MAX_KEY_BYTES, MAX_VALUE_BYTES } from './value-rules.ts';

/** What a message of values may hold beside its encoding: enough to make messages few, little enough to be checked in a moment. */
export const MAX_CONTENT_BYTES = 1024 * 1024;
/** Values of one message: two thousand of a few hundred bytes. */
export const MAX_MESSAGE_VALUES = 2_048;
/** Names, lengths and numbers around one value. */
export const VALUE_OVERHEAD_BYTES = 96;
/** One message: its content, one value more that was begun, and the encoding around all of them. */
export const MAX_MESSAGE_BYTES = MAX_CONTENT_BYTES + 2 * MAX_VALUE_BYTES + MAX_MESSAGE_VALUES * VALUE_OVERHEAD_BYTES;

/** The name of a kind. */
export const kindSchema = z.string().min(1).max(32);
/** A value's key. */
export const keySchema = bytes({ atMost: MAX_KEY_BYTES });
/** Attachments of a message, each once; values name them by their index. */
export const attachmentsSchema = z.array(bytes({ atMost: MAX_VALUE_BYTES })).max(MAX_MESSAGE_VALUES);
/** The bytes of a value and which attachment belongs to it. */
export const wireBytesSchema = { value: bytes({ atMost: MAX_VALUE_BYTES }), attachment: z.int().min(0).max(MAX_MESSAGE_VALUES).optional() };

/** Puts attachments into a message, each once. */
export class AttachmentList {
  readonly all: Uint8Array[] = [];
  private readonly indexes = new Map<Uint8Array, number>();

  /** What the attachment adds to the message, in bytes. */
  costOf(attachment: Uint8Array | undefined): number {
    return attachment === undefined || this.indexes.has(attachment) ? 0 : attachment.length;
  }

  /** `{ attachment }`, or nothing for a value without one. Attachments are told apart by their object. */
  refer(attachment: Uint8Array | undefined): { attachment?: number } {
    if (attachment === undefined) return {};
    const index = this.indexes.get(attachment) ?? this.all.push(attachment) - 1;
    this.indexes.set(attachment, index);
    return { attachment: index };
  }
}
