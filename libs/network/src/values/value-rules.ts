import { createHash } from 'node:crypto';
import type { Clock } from '@carecord/core';
import { NetworkError } from '../network-error.ts';
import type { DhtValueKind, DhtValueMeta } from '../ports.ts';
import { decodeValueKey, validatorName } from './value-key.ts';

/** No kind may ask for more: a storer holds values of everybody. */
export const MAX_VALUE_BYTES = 64 * 1024;
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
   * Checks one value under its DHT key: kind, size, what the kind itself demands, and that it has not expired.
   * @throws NetworkError `VALUE_REFUSED`
   */
  async check(dhtKey: Uint8Array, value: Uint8Array): Promise<DhtValueMeta> {
    const { namespace, key } = decodeValueKey(dhtKey);
    const kind = this.kinds.get(namespace);
    if (kind === undefined) throw refused('A DHT value is of an unknown kind.');
    if (value.length > kind.maxBytes) throw refused(`A DHT value is larger than the ${kind.maxBytes} bytes of its kind.`);
    const meta = await this.validate(kind, key, dhtKey, value);
    if (meta.expiresAt <= this.clock.now()) throw refused('A DHT value has expired.');
    return meta;
  }

  private async validate(kind: DhtValueKind, key: Uint8Array, dhtKey: Uint8Array, value: Uint8Array): Promise<DhtValueMeta> {
    const fingerprint = createHash('sha256').update(createHash('sha256').update(dhtKey).digest()).update(value).digest('base64');
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
    if (kind.maxBytes > MAX_VALUE_BYTES) throw refused(`The value kind "${kind.namespace}" allows more than ${MAX_VALUE_BYTES} bytes.`);
    this.kinds.set(kind.namespace, kind);
  }

  private forgetOldest(): void {
    const oldest = this.checked.keys().next();
    if (!oldest.done) this.checked.delete(oldest.value);
  }
}

async function validateSafely(kind: DhtValueKind, key: Uint8Array, value: Uint8Array): Promise<DhtValueMeta> {
  try {
    const meta = await kind.validate(key, value);
    if (Number.isSafeInteger(meta.sequence) && meta.sequence >= 0 && !Number.isNaN(meta.expiresAt.getTime())) return meta;
  } catch (cause) {
    if (cause instanceof NetworkError && cause.code === 'VALUE_REFUSED') throw cause;
    throw refused('A DHT value does not pass the checks of its kind.', cause);
  }
  throw refused('A DHT value has an impossible sequence or expiry.');
}

function refused(message: string, cause?: unknown): NetworkError {
  return new NetworkError('VALUE_REFUSED', message, { cause });
}
