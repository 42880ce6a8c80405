import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Handle } from 'pkcs11js';
import { describeKeyHolder } from '../../../testkit/src/compliance/key-holder.ts';
import type { KeyHolder } from '../ports.ts';
import { acquireModule, releaseModule } from './addon.ts';
import type { Module } from './addon.ts';
import { openPkcs11Holder } from './pkcs11-holder.ts';
import type { Pkcs11Options } from './pkcs11-holder.ts';
import { makeSoftToken, whyNoToken } from './soft-token.fixture.ts';
import type { SoftToken } from './soft-token.fixture.ts';

const BINDING = Uint8Array.of(1);
const SECRET = new Uint8Array(32).fill(5);
const refusal = (code: string): unknown => expect.objectContaining({ name: 'KeysError', code });

const reason = whyNoToken();
if (reason !== undefined) process.stderr.write(`Skipped, the tests of PKCS#11: ${reason}.\n`);

(reason === undefined ? describe : describe.skip)('PKCS#11', () => {
  let token: SoftToken;
  beforeAll(async () => {
    token = await makeSoftToken();
  });
  afterAll(() => token.remove());

  /** A label that no other test has, so that its holder begins empty. */
  const newLabel = (): string => `root-${randomUUID().slice(0, 8)}`;
  const optionsOf = (more: Partial<Pkcs11Options> = {}): Pkcs11Options => ({
    modulePath: token.modulePath,
    tokenLabel: token.tokenLabel,
    pin: token.pin,
    keyLabel: newLabel(),
    ...more,
  });

  describeKeyHolder('PKCS#11', () => {
    const keyLabel = newLabel();
    return Promise.resolve({ open: () => openPkcs11Holder(optionsOf({ keyLabel })), remove: () => Promise.resolve() });
  });

  /** Does something in the token behind the holder's back. */
  async function inToken<Result>(work: (module: Module, session: Handle) => Result): Promise<Result> {
    const module = await acquireModule(token.modulePath);
    try {
      const { addon, cryptoki } = module;
      const slot = cryptoki.C_GetSlotList(true).find((candidate) => cryptoki.C_GetTokenInfo(candidate).label.trim() === token.tokenLabel);
      const session = cryptoki.C_OpenSession(slot as Handle, addon.CKF_SERIAL_SESSION | addon.CKF_RW_SESSION);
      try {
        return work(module, session);
      } finally {
        cryptoki.C_CloseSession(session);
      }
    } finally {
      releaseModule(token.modulePath);
    }
  }

  /** The holder is open: its user is signed in for the whole process. */
  function findKey({ addon, cryptoki }: Module, session: Handle, label: string): Handle {
    cryptoki.C_FindObjectsInit(session, [{ type: addon.CKA_LABEL, value: label }]);
    const [key] = cryptoki.C_FindObjects(session, 1);
    cryptoki.C_FindObjectsFinal(session);
    if (key === undefined) throw new Error('There is no such key in the token.');
    return key;
  }

  /** As when the token's service is started anew; SoftHSM2 does not look at its files otherwise. */
  async function endModule(): Promise<void> {
    (await acquireModule(token.modulePath)).cryptoki.C_Finalize();
    releaseModule(token.modulePath);
  }

  it('keeps root keys that nobody can read out of the token, wrap with or change', async () => {
    const options = optionsOf();
    const holder = await openPkcs11Holder(options);
    await holder.createRootKey();
    await inToken((module, session) => {
      const { addon, cryptoki } = module;
      const key = findKey(module, session, `${options.keyLabel}-1`);
      const read = (type: number): unknown => cryptoki.C_GetAttributeValue(session, key, [{ type }])[0]?.value;
      expect(() => read(addon.CKA_VALUE)).toThrow(expect.objectContaining({ code: addon.CKR_ATTRIBUTE_SENSITIVE }));
      for (const type of [addon.CKA_SENSITIVE, addon.CKA_ALWAYS_SENSITIVE, addon.CKA_NEVER_EXTRACTABLE, addon.CKA_PRIVATE, addon.CKA_TOKEN, addon.CKA_LOCAL]) expect(read(type)).toEqual(Buffer.of(1));
      for (const type of [addon.CKA_EXTRACTABLE, addon.CKA_WRAP, addon.CKA_UNWRAP, addon.CKA_MODIFIABLE]) expect(read(type)).toEqual(Buffer.of(0));
      expect(() => cryptoki.C_SetAttributeValue(session, key, [{ type: addon.CKA_EXTRACTABLE, value: true }])).toThrow();
      expect(() => cryptoki.C_WrapKey(session, { mechanism: addon.CKM_AES_KEY_WRAP_PAD }, key, key, Buffer.alloc(100))).toThrow();
    });
    await holder.close();
  });

  it('opens again in a new session, and with the PIN from a file', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'carecord-pin-'));
    const file = join(directory, 'pin');
    await writeFile(file, `${token.pin}\n`);
    const options = optionsOf({ pin: undefined, pinFile: file });
    const first = await openPkcs11Holder(options);
    await first.createRootKey();
    const wrapped = await first.wrap(SECRET, 'x', BINDING);
    await first.close();
    const again = await openPkcs11Holder(options);
    expect(await again.unwrap(wrapped, 'x', BINDING)).toEqual(SECRET);
    await again.close();
    await rm(directory, { recursive: true });
  });

  it('refuses a root key that the token would give away', async () => {
    const options = optionsOf();
    const holder = await openPkcs11Holder(options);
    await holder.createRootKey();
    await inToken(({ addon, cryptoki }, session) => {
      const yes = [addon.CKA_TOKEN, addon.CKA_ENCRYPT, addon.CKA_DECRYPT, addon.CKA_EXTRACTABLE];
      cryptoki.C_GenerateKey(session, { mechanism: addon.CKM_AES_KEY_GEN }, [
        { type: addon.CKA_VALUE_LEN, value: 32 },
        { type: addon.CKA_LABEL, value: `${options.keyLabel}-2` },
        { type: addon.CKA_SENSITIVE, value: false },
        ...yes.map((type) => ({ type, value: true })),
      ]);
    });
    await expect(holder.wrap(SECRET, 'x', BINDING)).rejects.toEqual(refusal('ROOT_KEY_EXPOSED'));
    await expect(openPkcs11Holder(options)).rejects.toEqual(refusal('ROOT_KEY_EXPOSED'));
    await holder.close();
  });

  it('opens what either of two root keys of one number wrapped, and destroys both', async () => {
    const options = optionsOf();
    const holder = await openPkcs11Holder(options);
    const other = await openPkcs11Holder(options);
    await Promise.all([holder.createRootKey(), other.createRootKey()]);
    const wrapped = await holder.wrap(SECRET, 'x', BINDING);
    expect(await other.unwrap(wrapped, 'x', BINDING)).toEqual(SECRET);
    await other.createRootKey();
    const [oldest] = await holder.rootKeyIds();
    await holder.destroyRootKey(oldest ?? '');
    expect(await other.rootKeyIds()).not.toContain(oldest);
    await Promise.all([holder.close(), other.close()]);
  });

  it.each([
    ['its sessions were closed', ({ cryptoki }: Module, slot: Handle) => cryptoki.C_CloseAllSessions(slot)],
    ['its user was signed out', ({ cryptoki, addon }: Module, slot: Handle) => cryptoki.C_Logout(cryptoki.C_OpenSession(slot, addon.CKF_SERIAL_SESSION))],
    ['its module was ended', ({ cryptoki }: Module) => cryptoki.C_Finalize()],
  ])('goes on after %s', async (_, interrupt) => {
    const holder = await openPkcs11Holder(optionsOf());
    await holder.createRootKey();
    const wrapped = await holder.wrap(SECRET, 'x', BINDING);
    const module = await acquireModule(token.modulePath);
    const slot = module.cryptoki.C_GetSlotList(true).find((candidate) => module.cryptoki.C_GetTokenInfo(candidate).label.trim() === token.tokenLabel);
    interrupt(module, slot as Handle);
    releaseModule(token.modulePath);
    expect(await holder.unwrap(wrapped, 'x', BINDING)).toEqual(SECRET);
    await holder.check();
    await holder.close();
  });

  it('is unreachable while the token is gone, and works when it is back', async () => {
    const holder = await openPkcs11Holder(optionsOf());
    await holder.createRootKey();
    const wrapped = await holder.wrap(SECRET, 'x', BINDING);
    const away = await mkdtemp(join(tmpdir(), 'carecord-away-'));
    await cp(token.directory, away, { recursive: true });
    for (const name of await readdir(token.directory)) await rm(join(token.directory, name), { recursive: true });
    await endModule();
    await expect(holder.check()).rejects.toEqual(refusal('HOLDER_UNREACHABLE'));
    await expect(holder.unwrap(wrapped, 'x', BINDING)).rejects.toEqual(refusal('HOLDER_UNREACHABLE'));
    await cp(away, token.directory, { recursive: true });
    await rm(away, { recursive: true });
    expect(await holder.unwrap(wrapped, 'x', BINDING)).toEqual(SECRET);
    await holder.close();
  });

  it.each<[string, Partial<Pkcs11Options>, string]>([
    ['a module that is not there', { modulePath: '/nonexistent/module.so' }, 'PKCS11_UNAVAILABLE'],
    ['a token that is not there', { tokenLabel: 'another' }, 'HOLDER_UNREACHABLE'],
    ['a label that is none', { keyLabel: 'a b' }, 'HOLDER_MISCONFIGURED'],
    ['an empty PIN', { pin: '' }, 'HOLDER_MISCONFIGURED'],
    ['no PIN', { pin: undefined }, 'HOLDER_MISCONFIGURED'],
  ])('refuses %s', async (_, options, code) => {
    await expect(openPkcs11Holder(optionsOf(options))).rejects.toEqual(refusal(code));
  });

  it('tries a wrong PIN once and never again, so that the token does not lock itself, until there is another one', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'carecord-pin-'));
    const file = join(directory, 'pin');
    await writeFile(file, token.pin);
    const holder: KeyHolder = await openPkcs11Holder(optionsOf({ pin: undefined, pinFile: file }));
    await writeFile(file, '0000-0000');
    const { cryptoki } = await acquireModule(token.modulePath);
    const signIns = jest.spyOn(cryptoki, 'C_Login');
    cryptoki.C_Finalize();
    for (let attempt = 0; attempt < 5; attempt += 1) await expect(holder.check()).rejects.toEqual(refusal('HOLDER_REFUSED'));
    expect(signIns).toHaveBeenCalledTimes(1);
    await writeFile(file, token.pin);
    await holder.check();
    expect(signIns).toHaveBeenCalledTimes(2);
    await holder.close();
    releaseModule(token.modulePath);
    await rm(directory, { recursive: true });
  });

  it('leaves no secret in the files of the token', async () => {
    const holder = await openPkcs11Holder(optionsOf());
    await holder.createRootKey();
    await holder.wrap(SECRET, 'x', BINDING);
    await holder.close();
    const files = (await readdir(token.directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    for (const { parentPath, name } of files) expect((await readFile(join(parentPath, name))).includes(Buffer.from(SECRET))).toBe(false);
  });
});
