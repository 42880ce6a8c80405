import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { z } from 'zod';

/** What a route of the transit engine answers: a status and, for 200, the `data` member; for 400, the sentence in `errors`. */
export interface TransitAnswer {
  readonly status: 200 | 204 | 400 | 404;
  readonly data?: object;
  readonly error?: string;
}

const createSchema = z.object({
  type: z.literal('aes256-gcm96').default('aes256-gcm96'),
  exportable: z.boolean().default(false),
  allow_plaintext_backup: z.boolean().default(false),
});
const encryptSchema = z.object({ plaintext: z.base64(), associated_data: z.base64().default(''), key_version: z.int().nonnegative().default(0) });
const decryptSchema = z.object({ ciphertext: z.string(), associated_data: z.base64().default('') });
const version = z.int().nonnegative().optional();
const configSchema = z.object({ min_decryption_version: version, min_encryption_version: version, deletion_allowed: z.boolean().optional() });
const trimSchema = z.object({ min_available_version: z.int().positive() });

const bad = (error: string): TransitAnswer => ({ status: 400, error });

/** One key of a transit engine, as the documentation of its interface describes it: versions, bounds, trimming. */
export class StandInTransitKey {
  private readonly versions = new Map<number, { readonly key: Buffer; readonly createdAt: number }>();
  private readonly settings: z.infer<typeof createSchema>;
  private latest = 0;
  private minDecryption = 1;
  private minEncryption = 0;
  private minAvailable = 0;
  private deletionAllowed = false;

  constructor(
    private readonly name: string,
    settings: unknown,
  ) {
    this.settings = createSchema.parse(settings);
    this.rotate();
  }

  get mayBeDeleted(): boolean {
    return this.deletionAllowed;
  }

  rotate(): TransitAnswer {
    this.latest += 1;
    this.versions.set(this.latest, { key: randomBytes(32), createdAt: Math.floor(Date.now() / 1000) });
    return this.read();
  }

  read(): TransitAnswer {
    // Versions that open nothing any more are in the server's archive, and not listed.
    const keys = [...this.versions].filter(([number]) => number >= this.minDecryption).map(([number, { createdAt }]) => [String(number), createdAt] as const);
    return {
      status: 200,
      data: {
        ...this.settings,
        name: this.name,
        derived: false,
        deletion_allowed: this.deletionAllowed,
        keys: Object.fromEntries(keys),
        latest_version: this.latest,
        min_available_version: this.minAvailable,
        min_decryption_version: this.minDecryption,
        min_encryption_version: this.minEncryption,
      },
    };
  }

  encrypt(body: unknown): TransitAnswer {
    const request = encryptSchema.safeParse(body);
    if (!request.success) return bad('missing or invalid plaintext to encrypt');
    const number = request.data.key_version === 0 ? this.latest : request.data.key_version;
    const known = this.versions.get(number);
    if (known === undefined || number > this.latest) return bad('requested version for encryption is not there');
    if (number < this.minEncryption) return bad('requested version for encryption is less than the minimum encryption key version');
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', known.key, nonce).setAAD(Buffer.from(request.data.associated_data, 'base64'));
    const sealed = Buffer.concat([nonce, cipher.update(Buffer.from(request.data.plaintext, 'base64')), cipher.final(), cipher.getAuthTag()]);
    return { status: 200, data: { ciphertext: `vault:v${number}:${sealed.toString('base64')}`, key_version: number } };
  }

  decrypt(body: unknown): TransitAnswer {
    const request = decryptSchema.safeParse(body);
    const [, text, encoded = ''] = /^vault:v(\d+):(.+)$/.exec(request.data?.ciphertext ?? '') ?? [];
    const number = Number(text);
    const sealed = Buffer.from(encoded, 'base64');
    if (!request.success || text === undefined || sealed.length < 28) return bad('invalid ciphertext');
    if (number > this.latest) return bad('invalid ciphertext: version is too new');
    if (number < this.minDecryption) return bad('ciphertext or signature version is disallowed by policy (too old)');
    const known = this.versions.get(number);
    if (known === undefined) return bad('invalid ciphertext: no such version');
    try {
      const decipher = createDecipheriv('aes-256-gcm', known.key, sealed.subarray(0, 12), { authTagLength: 16 });
      decipher.setAAD(Buffer.from(request.data.associated_data, 'base64')).setAuthTag(sealed.subarray(-16));
      const plaintext = Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
      return { status: 200, data: { plaintext: plaintext.toString('base64') } };
    } catch {
      return bad('invalid ciphertext: unable to decrypt');
    }
  }

  configure(body: unknown): TransitAnswer {
    const request = configSchema.safeParse(body);
    if (!request.success) return bad('invalid configuration');
    const decryption = Math.max(1, request.data.min_decryption_version ?? this.minDecryption);
    const encryption = request.data.min_encryption_version ?? this.minEncryption;
    if (decryption > this.latest || encryption > this.latest) return bad('cannot set a minimum version greater than the latest version');
    if (encryption !== 0 && encryption < decryption) return bad('cannot set min encryption version less than min decryption version');
    if (decryption < this.minAvailable) return bad('cannot set min decryption version less than min available version');
    [this.minDecryption, this.minEncryption] = [decryption, encryption];
    this.deletionAllowed = request.data.deletion_allowed ?? this.deletionAllowed;
    return this.read();
  }

  trim(body: unknown): TransitAnswer {
    const request = trimSchema.safeParse(body);
    if (!request.success) return bad('missing min_available_version');
    const oldest = request.data.min_available_version;
    if (this.minEncryption === 0) return bad('minimum available version cannot be set when minimum encryption version is not set');
    if (oldest < this.minAvailable) return bad('minimum available version cannot be decremented');
    if (oldest > Math.min(this.minEncryption, this.minDecryption)) return bad('minimum available version cannot be higher than the minimum versions for encryption and decryption');
    this.minAvailable = oldest;
    for (const number of this.versions.keys()) if (number < oldest) this.versions.delete(number);
    return this.read();
  }
}
