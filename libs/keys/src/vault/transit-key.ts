import { z } from 'zod';
import { KeysError } from '../keys-error.ts';
import { MAX_ROOT_KEY_NUMBER } from '../root-key-id.ts';
import type { VaultAnswer, VaultClient } from './vault-client.ts';

/** `vault:v3:` and base64 of `nonce (12) || ciphertext || tag (16)`. */
const CIPHERTEXT = /^vault:v([1-9][0-9]{0,5}):([A-Za-z0-9+/]+={0,2})$/;
const KEY_TYPE = 'aes256-gcm96';

const keySchema = z.object({
  data: z.object({
    type: z.string(),
    exportable: z.boolean().default(false),
    allow_plaintext_backup: z.boolean().default(false),
    derived: z.boolean().default(false),
    latest_version: z.int().positive().max(MAX_ROOT_KEY_NUMBER),
    min_available_version: z.int().nonnegative().default(0),
    min_decryption_version: z.int().nonnegative().default(0),
    min_encryption_version: z.int().nonnegative().default(0),
  }),
});
const encryptedSchema = z.object({ data: z.object({ ciphertext: z.string().regex(CIPHERTEXT) }) });
const decryptedSchema = z.object({ data: z.object({ plaintext: z.base64() }) });

/** Which versions of the key there are. */
export interface TransitVersions {
  /** The oldest one that was not trimmed away. */
  readonly oldest: number;
  readonly latest: number;
  /** The oldest one that opens anything. */
  readonly oldestOpening: number;
  readonly oldestWrapping: number;
}

/** One key of a transit engine, by its documented interface. */
export class TransitKey {
  constructor(
    private readonly client: VaultClient,
    private readonly mount: string,
    private readonly name: string,
  ) {}

  /** Undefined when there is no such key. @throws KeysError `ROOT_KEY_EXPOSED`, `HOLDER_MISCONFIGURED` for a key of another kind */
  async versions(): Promise<TransitVersions | undefined> {
    const answer = await this.client.request('GET', this.path('keys'));
    if (answer.status === 404) return undefined;
    const { data } = read(keySchema, answer);
    if (data.type !== KEY_TYPE || data.derived) throw new KeysError('HOLDER_MISCONFIGURED', `The key on the key server must be of type ${KEY_TYPE}, and not derived.`);
    if (data.exportable || data.allow_plaintext_backup) {
      throw new KeysError('ROOT_KEY_EXPOSED', 'The key on the key server can be read out: it must be neither exportable nor open to backup in plaintext.');
    }
    return {
      oldest: Math.max(1, data.min_available_version),
      latest: data.latest_version,
      oldestOpening: Math.max(1, data.min_available_version, data.min_decryption_version),
      oldestWrapping: data.min_encryption_version,
    };
  }

  /** Version 1; harmless where the key is there already. */
  async create(): Promise<void> {
    accepted(await this.client.request('POST', this.path('keys'), { type: KEY_TYPE, exportable: false, allow_plaintext_backup: false }));
  }

  /** The next version. */
  async rotate(): Promise<void> {
    accepted(await this.client.request('POST', `${this.path('keys')}/rotate`, {}));
  }

  /** Encrypts under the latest version. @returns which one that was, and the bytes without their textual shell */
  async encrypt(secret: Uint8Array, associatedData: Uint8Array): Promise<{ readonly version: number; readonly ciphertext: Uint8Array }> {
    const request = { plaintext: base64(secret), associated_data: base64(associatedData) };
    const { data } = read(encryptedSchema, accepted(await this.client.request('POST', this.path('encrypt'), request)));
    const [, version, ciphertext = ''] = CIPHERTEXT.exec(data.ciphertext) ?? [];
    return { version: Number(version), ciphertext: new Uint8Array(Buffer.from(ciphertext, 'base64')) };
  }

  /** Undefined when the server does not open it. */
  async decrypt(version: number, ciphertext: Uint8Array, associatedData: Uint8Array): Promise<Uint8Array | undefined> {
    const request = { ciphertext: `vault:v${version}:${base64(ciphertext)}`, associated_data: base64(associatedData) };
    const answer = await this.client.request('POST', this.path('decrypt'), request);
    if (answer.status === 400 || answer.status === 404) return undefined;
    return new Uint8Array(Buffer.from(read(decryptedSchema, answer).data.plaintext, 'base64'));
  }

  /** Destroys every version before this one. */
  async trim(oldest: number, { oldestOpening, oldestWrapping }: TransitVersions): Promise<void> {
    // The server trims only what neither opens nor wraps any more, and asks for both bounds to be set.
    const bounds = { min_decryption_version: Math.max(oldest, oldestOpening), min_encryption_version: Math.max(oldest, oldestOpening, oldestWrapping) };
    accepted(await this.client.request('POST', `${this.path('keys')}/config`, bounds));
    accepted(await this.client.request('POST', `${this.path('keys')}/trim`, { min_available_version: oldest }));
  }

  private path(action: 'keys' | 'encrypt' | 'decrypt'): string {
    return `${this.mount}/${action}/${this.name}`;
  }
}

function accepted(answer: VaultAnswer): VaultAnswer {
  if (answer.status < 300) return answer;
  throw new KeysError('HOLDER_REFUSED', 'The key server does not accept a request: check its version, and mount and name of the key.');
}

function read<Schema extends z.ZodType>(schema: Schema, answer: VaultAnswer): z.infer<Schema> {
  const result = schema.safeParse(accepted(answer).body);
  if (!result.success) throw new KeysError('HOLDER_UNREACHABLE', 'What answers at the address of the key server is not one.');
  return result.data;
}

function base64(value: Uint8Array): string {
  return Buffer.from(value).toString('base64');
}
