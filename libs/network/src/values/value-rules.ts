import { BoundedCache, later } from '@carecord/core';
import type { Clock } from '@carecord/core';
import { hashWithContext } from '@carecord/crypto';
import { CLOCK_SKEW_MILLISECONDS } from '@carecord/identity';
import { NetworkError, valueRefused } from '../network-error.ts';
import type { DhtValueKind, DhtValueMeta } from '../ports.ts';
import { idOf, placementOf } from './placement.ts';
import type { ValuePlace } from './value-store-port.ts';

/** No kind may ask for more: a storer holds values of everybody. */
export const MAX_VALUE_BYTES = 64 * 1024;
/** Nor for a longer key: hashes, content ids and two of them together are shorter. */
export const MAX_KEY_BYTES = 128;
/**
 * How far ahead the expiry of a value of any kind may lie. Until it expires, a value keeps everybody but its owner from its
 * key and takes a storer's space, so nobody may have that for years. Owners renew daily.
 */
export const MAX_VALUE_LIFETIME_MILLISECONDS = 7 * 24 * 60 * 60 * 1000;
/** Results of checks that are kept, some 200 bytes each: a value without an attachment is put, read and handed over with the same bytes. */
const MAX_REMEMBERED_CHECKS = 4_096;
const CHECK_CONTEXT = 'network/checked-value';
const NAMESPACE = /^[a-z0-9-]{1,32}$/;

/** A value as its kind checks it. */
export interface CheckedValue extends ValuePlace {
  readonly value: Uint8Array;
  readonly attachment?: Uint8Array;
}

/** A value that cannot be judged here, because something about its owner is not known: whoever gave it has done nothing wrong. */
export class UnjudgedValue extends NetworkError {
  constructor(message: string) {
    super('VALUE_REFUSED', message);
  }
}

/** What may be in the DHT: values of the registered kinds that are valid now. Knows nothing of other values. */
export class ValueRules {
  private readonly kinds = new Map<string, DhtValueKind>();
  private readonly checked = new BoundedCache<DhtValueMeta>({ entries: MAX_REMEMBERED_CHECKS });

  /** @throws NetworkError `PROTOCOL_TAKEN` or `VALUE_REFUSED` for kinds that cannot be */
  constructor(
    kinds: readonly DhtValueKind[],
    private readonly clock: Clock,
  ) {
    for (const kind of kinds) this.register(kind);
  }

  /**
   * Where a value of this kind and key stands, 32 bytes.
   * @throws NetworkError `VALUE_REFUSED` for an unknown kind, and a key that is none of its kind
   */
  placement({ namespace, key }: ValuePlace): Uint8Array {
    const kind = this.kindOf(namespace);
    if (key.length > MAX_KEY_BYTES) throw valueRefused(`The key of a DHT value is longer than ${MAX_KEY_BYTES} bytes.`);
    return placementOf(namespace, kind.placedBy?.(key) ?? key);
  }

  /**
   * Checks one value: kind, sizes, what the kind itself demands, and that it has not expired and will in time.
   * @throws NetworkError `VALUE_REFUSED`; as {@link UnjudgedValue} when that says nothing about who gave it
   */
  async check(entry: CheckedValue): Promise<DhtValueMeta> {
    const kind = this.kindOf(entry.namespace);
    checkSizes(kind, entry);
    const meta = await this.validate(kind, entry);
    checkLifetime(meta.expiresAt, this.clock.now());
    return meta;
  }

  private kindOf(namespace: string): DhtValueKind {
    const kind = this.kinds.get(namespace);
    if (kind === undefined) throw valueRefused('A DHT value is of an unknown kind.');
    return kind;
  }

  private async validate(kind: DhtValueKind, entry: CheckedValue): Promise<DhtValueMeta> {
    // What shares an attachment is cheap to check again: its kind verifies the attachment once, and remembers that itself.
    if (entry.attachment !== undefined) return validateSafely(kind, entry);
    const fingerprint = fingerprintOf(entry);
    const known = this.checked.get(fingerprint);
    if (known !== undefined) return known;
    const meta = await validateSafely(kind, entry);
    this.checked.set(fingerprint, meta);
    return meta;
  }

  private register(kind: DhtValueKind): void {
    if (!NAMESPACE.test(kind.namespace)) throw valueRefused('A value kind needs a namespace of lower case letters, digits and hyphens.');
    if (this.kinds.has(kind.namespace)) throw new NetworkError('PROTOCOL_TAKEN', `There are two value kinds "${kind.namespace}".`);
    if (Math.max(kind.maxBytes, kind.maxAttachmentBytes ?? 0) > MAX_VALUE_BYTES) throw valueRefused(`The value kind "${kind.namespace}" allows more than ${MAX_VALUE_BYTES} bytes.`);
    this.kinds.set(kind.namespace, kind);
  }
}

/**
 * Refuses what has expired or stands for too long. Kinds whose own check is costly call it first.
 * @param atMost the longest lifetime, in milliseconds
 * @throws NetworkError `VALUE_REFUSED`; as {@link UnjudgedValue} for what has expired: another clock may be behind ours
 */
export function checkLifetime(expiresAt: Date, now: Date, atMost: number = MAX_VALUE_LIFETIME_MILLISECONDS): void {
  if (expiresAt <= now) throw new UnjudgedValue('A DHT value has expired.');
  if (expiresAt > later(now, atMost + CLOCK_SKEW_MILLISECONDS)) throw valueRefused('A DHT value is valid for too long.');
}

function checkSizes({ maxBytes, maxAttachmentBytes }: DhtValueKind, { key, value, attachment }: CheckedValue): void {
  if (key.length > MAX_KEY_BYTES) throw valueRefused(`The key of a DHT value is longer than ${MAX_KEY_BYTES} bytes.`);
  if (value.length > maxBytes) throw valueRefused(`A DHT value is larger than the ${maxBytes} bytes of its kind.`);
  if (attachment === undefined) return;
  if (maxAttachmentBytes === undefined) throw valueRefused('A DHT value has an attachment, which its kind has not.');
  if (attachment.length > maxAttachmentBytes) throw valueRefused(`The attachment of a DHT value is larger than the ${maxAttachmentBytes} bytes of its kind.`);
}

function fingerprintOf({ namespace, key, value }: CheckedValue): string {
  return idOf(hashWithContext(CHECK_CONTEXT, namespace, key, value));
}

async function validateSafely(kind: DhtValueKind, { key, value, attachment }: CheckedValue): Promise<DhtValueMeta> {
  try {
    const meta = await kind.validate(key, value, attachment);
    if (Number.isSafeInteger(meta.sequence) && meta.sequence >= 0 && !Number.isNaN(meta.expiresAt.getTime())) return meta;
  } catch (cause) {
    if (cause instanceof NetworkError && cause.code === 'VALUE_REFUSED') throw cause;
    throw valueRefused('A DHT value does not pass the checks of its kind.', cause);
  }
  throw valueRefused('A DHT value has an impossible sequence or expiry.');
}
