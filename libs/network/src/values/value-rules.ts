import { later } from '@carecord/core';
import type { Clock } from '@carecord/core';
import { sha256 } from '@carecord/crypto';
import { CLOCK_SKEW_MILLISECONDS } from '@carecord/identity';
import { NetworkError, valueRefused } from '../network-error.ts';
import type { DhtValueKind, DhtValueMeta } from '../ports.ts';
import { decodeValueKey, validatorName } from './value-key.ts';

/** No kind may ask for more: a storer holds values of everybody. */
export const MAX_VALUE_BYTES = 64 * 1024;
/**
 * How far ahead the expiry of a value of any kind may lie. Until it expires, a value keeps everybody but its owner from its
 * key and takes a storer's space, so nobody may have that for years. Owners renew daily: kad-dht forgets after 48 hours.
 */
export const MAX_VALUE_LIFETIME_MILLISECONDS = 7 * 24 * 60 * 60 * 1000;
/** Results of checks that are kept: the holders of a value answer with the same bytes, and a put checks before and while storing. */
const MAX_REMEMBERED_CHECKS = 512;

/** What may be in the DHT: values of the registered kinds that are valid now. Knows nothing of other values. */
export class ValueRules {
  private readonly kinds = new Map<string, DhtValueKind>();
  private readonly checked = new Map<string, DhtValueMeta>();

  constructor(
    kinds: readonly DhtValueKind[],
    private readonly clock: Clock,
  ) {
    for (const kind of kinds) this.register(kind);
  }

  /** The names under which kad-dht looks for validators. */
  validatorNames(): string[] {
    return [...this.kinds.keys()].map(validatorName);
  }

  /**
   * Checks one value under its DHT key: kind, size, what the kind itself demands, and that it has not expired and will in time.
   * @throws NetworkError `VALUE_REFUSED`
   */
  async check(dhtKey: Uint8Array, value: Uint8Array): Promise<DhtValueMeta> {
    const { namespace, key } = decodeValueKey(dhtKey);
    const kind = this.kinds.get(namespace);
    if (kind === undefined) throw valueRefused('A DHT value is of an unknown kind.');
    if (value.length > kind.maxBytes) throw valueRefused(`A DHT value is larger than the ${kind.maxBytes} bytes of its kind.`);
    const meta = await this.validate(kind, key, dhtKey, value);
    checkLifetime(meta.expiresAt, this.clock.now());
    return meta;
  }

  private async validate(kind: DhtValueKind, key: Uint8Array, dhtKey: Uint8Array, value: Uint8Array): Promise<DhtValueMeta> {
    const fingerprint = Buffer.from(sha256(sha256(dhtKey), value)).toString('base64');
    const known = this.checked.get(fingerprint);
    if (known !== undefined) return known;
    const meta = await validateSafely(kind, key, value);
    this.checked.set(fingerprint, meta);
    if (this.checked.size > MAX_REMEMBERED_CHECKS) this.forgetOldest();
    return meta;
  }

  private register(kind: DhtValueKind): void {
    validatorName(kind.namespace);
    if (this.kinds.has(kind.namespace)) throw new NetworkError('PROTOCOL_TAKEN', `There are two value kinds "${kind.namespace}".`);
    if (kind.maxBytes > MAX_VALUE_BYTES) throw valueRefused(`The value kind "${kind.namespace}" allows more than ${MAX_VALUE_BYTES} bytes.`);
    this.kinds.set(kind.namespace, kind);
  }

  private forgetOldest(): void {
    const oldest = this.checked.keys().next();
    if (!oldest.done) this.checked.delete(oldest.value);
  }
}

/**
 * Refuses what has expired or stands for too long. Kinds whose own check is costly call it first.
 * @param atMost the longest lifetime, in milliseconds
 * @throws NetworkError `VALUE_REFUSED`
 */
export function checkLifetime(expiresAt: Date, now: Date, atMost: number = MAX_VALUE_LIFETIME_MILLISECONDS): void {
  if (expiresAt <= now) throw valueRefused('A DHT value has expired.');
  if (expiresAt > later(now, atMost + CLOCK_SKEW_MILLISECONDS)) throw valueRefused('A DHT value is valid for too long.');
}

async function validateSafely(kind: DhtValueKind, key: Uint8Array, value: Uint8Array): Promise<DhtValueMeta> {
  try {
    const meta = await kind.validate(key, value);
    if (Number.isSafeInteger(meta.sequence) && meta.sequence >= 0 && !Number.isNaN(meta.expiresAt.getTime())) return meta;
  } catch (cause) {
    if (cause instanceof NetworkError && cause.code === 'VALUE_REFUSED') throw cause;
    throw valueRefused('A DHT value does not pass the checks of its kind.', cause);
  }
  throw valueRefused('A DHT value has an impossible sequence or expiry.');
}
