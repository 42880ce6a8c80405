import { describe, expect, it } from '@jest/globals';
import { argon2 } from 'node:crypto';
import { openWithPassphrase, sealWithPassphrase } from './passphrase.ts';
import { hashPassword, verifyPassword } from './password.ts';

describe('Argon2id (RFC 9106, section 5.3)', () => {
  it('gives the tag of the test vector', async () => {
    const tag = await new Promise<Uint8Array>((resolve, reject) => {
      const parameters = {
        message: Buffer.alloc(32, 1),
        nonce: Buffer.alloc(16, 2),
        secret: Buffer.alloc(8, 3),
        associatedData: Buffer.alloc(12, 4),
        parallelism: 4,
        tagLength: 32,
        memory: 32,
        passes: 3,
      };
      argon2('argon2id', parameters, (error, value) => (error ? reject(error) : resolve(value)));
    });
    expect(Buffer.from(tag).toString('hex')).toBe('0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659');
  });
});

describe('password hashes', () => {
  it('verify the password and no other', async () => {
    const phc = await hashPassword('correct horse');
    expect(phc).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await verifyPassword('correct horse', phc)).toBe(true);
    expect(await verifyPassword('correct hors', phc)).toBe(false);
    expect(await verifyPassword('', phc)).toBe(false);
    expect(await hashPassword('correct horse')).not.toBe(phc);
  });

  it('take a letter however its accent was typed', async () => {
    expect(await verifyPassword('cafe\u0301', await hashPassword('caf\u00e9'))).toBe(true);
  });

  it('are refused when they are none, or would cost too much', async () => {
    const phc = await hashPassword('x');
    for (const changed of ['', 'x', phc.replace('argon2id', 'argon2i'), phc.replace('m=19456', 'm=9999999'), phc.replace('t=2', 't=0'), phc.slice(0, -1)]) {
      expect(await verifyPassword('x', changed)).toBe(false);
    }
    expect(await verifyPassword('x'.repeat(1025), phc)).toBe(false);
    await expect(hashPassword('x'.repeat(1025))).rejects.toMatchObject({ code: 'PASSWORD_TOO_LONG' });
  });
});

describe('sealing with a passphrase', () => {
  it('opens with the passphrase alone', async () => {
    const secret = new TextEncoder().encode('seeds');
    const sealed = await sealWithPassphrase('long passphrase', secret);
    expect(await openWithPassphrase('long passphrase', sealed)).toEqual(secret);
    await expect(openWithPassphrase('long passphras', sealed)).rejects.toMatchObject({ code: 'PASSPHRASE_WRONG' });
  });

  it('refuses changed or truncated bytes', async () => {
    const sealed = await sealWithPassphrase('p', new Uint8Array(8));
    for (const at of [0, 1, 17, sealed.length - 1]) {
      const changed = Uint8Array.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await expect(openWithPassphrase('p', changed)).rejects.toMatchObject({ code: 'PASSPHRASE_WRONG' });
    }
    await expect(openWithPassphrase('p', sealed.subarray(0, 20))).rejects.toMatchObject({ code: 'PASSPHRASE_WRONG' });
    await expect(openWithPassphrase('p', sealed.subarray(0, -1))).rejects.toMatchObject({ code: 'PASSPHRASE_WRONG' });
  });
});
