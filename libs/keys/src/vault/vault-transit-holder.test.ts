import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '@carecord/testkit';
import { describeKeyHolder } from '../../../testkit/src/compliance/key-holder.ts';
import { VaultStandIn } from '../../../testkit/src/vault-stand-in.ts';
import type { VaultPolicy } from '../../../testkit/src/vault-stand-in.ts';
import type { KeyHolder } from '../ports.ts';
import { openVaultTransitHolder } from './vault-transit-holder.ts';
import type { VaultTransitOptions } from './vault-transit-holder.ts';

const KEY_NAME = 'carecord-a';
const BINDING = Uint8Array.of(1);
const SECRET = new Uint8Array(32).fill(5);
const refusal = (code: string): unknown => expect.objectContaining({ name: 'KeysError', code });

/** The policy that docs/key-holders.md gives. */
const POLICY: VaultPolicy = {
  [`transit/keys/${KEY_NAME}`]: ['update', 'read'],
  [`transit/keys/${KEY_NAME}/rotate`]: ['update'],
  [`transit/keys/${KEY_NAME}/config`]: ['update'],
  [`transit/keys/${KEY_NAME}/trim`]: ['update'],
  [`transit/encrypt/${KEY_NAME}`]: ['update'],
  [`transit/decrypt/${KEY_NAME}`]: ['update'],
};

describeKeyHolder('Vault transit', async () => {
  const server = await VaultStandIn.start();
  const token = server.issueToken(POLICY);
  return {
    open: () => openVaultTransitHolder({ address: server.address, token, keyName: KEY_NAME }),
    remove: () => server.stop(),
  };
});

describe('the Vault transit holder', () => {
  let server: VaultStandIn;
  let token: string;
  beforeEach(async () => {
    server = await VaultStandIn.start();
    token = server.issueToken(POLICY);
  });
  afterEach(() => server.stop());

  const open = (options: Partial<VaultTransitOptions> = {}): Promise<KeyHolder> =>
    openVaultTransitHolder({ address: server.address, token, keyName: KEY_NAME, attempts: 1, ...options });
  const opened = async (options: Partial<VaultTransitOptions> = {}): Promise<KeyHolder> => {
    const holder = await open(options);
    await holder.createRootKey();
    return holder;
  };

  it('asks for the namespace, and says to whom it belongs in the associated data', async () => {
    const holder = await opened({ namespace: 'hospitals/a' });
    await holder.wrap(SECRET, 'x', BINDING);
    const request = server.requests.find(({ path }) => path === `/v1/transit/encrypt/${KEY_NAME}`);
    expect(request?.headers).toMatchObject({ 'x-vault-namespace': 'hospitals/a', 'x-vault-request': 'true' });
    const body = JSON.parse(request?.body ?? '') as { plaintext: string; associated_data: string };
    expect(body.plaintext).toBe(Buffer.from(SECRET).toString('base64'));
    expect(Buffer.from(body.associated_data, 'base64')).toHaveLength(32);
  });

  it.each([
    ['an address over http elsewhere', { address: 'http://vault.example:8200' }],
    ['an address that only begins like loopback', { address: 'http://127.0.0.1.example' }],
    ['another scheme', { address: 'file:///etc/passwd' }],
    ['no address', { address: '' }],
    ['an address with a password', { address: 'https://user:secret@vault.example' }],
    ['a key name that leads elsewhere', { keyName: '../sys/seal' }],
    ['a mount that leads elsewhere', { mount: 'transit/../sys' }],
    ['a token of two lines', { token: 'hvs.one\nhvs.two' }],
    ['an empty token', { token: '' }],
    ['two tokens', { tokenFile: '/nonexistent/token' }],
    ['a token file that is not there', { token: undefined, tokenFile: '/nonexistent/token' }],
  ] as [string, Partial<VaultTransitOptions>][])('refuses %s before it asks anybody', async (_, options) => {
    await expect(open(options)).rejects.toEqual(refusal('HOLDER_MISCONFIGURED'));
    expect(server.requests).toEqual([]);
  });

  it('may not do more than its policy: a token for use alone wraps and opens, and makes and destroys nothing', async () => {
    await opened();
    const user = server.issueToken({ ...POLICY, [`transit/keys/${KEY_NAME}`]: ['read'], [`transit/keys/${KEY_NAME}/rotate`]: [], [`transit/keys/${KEY_NAME}/config`]: [] });
    const holder = await open({ token: user });
    expect(await holder.unwrap(await holder.wrap(SECRET, 'x', BINDING), 'x', BINDING)).toEqual(SECRET);
    await expect(holder.createRootKey()).rejects.toEqual(refusal('HOLDER_REFUSED'));
    await (await open()).createRootKey();
    await expect(holder.destroyRootKey('root-1')).rejects.toEqual(refusal('HOLDER_REFUSED'));
    expect(await holder.rootKeyIds()).toEqual(['root-1', 'root-2']);
  });

  it('reads its token anew: one that is replaced works at once, one that is revoked does not', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'carecord-keys-'));
    try {
      const file = join(directory, 'token');
      await writeFile(file, `${token}\n`);
      const holder = await opened({ token: undefined, tokenFile: file });
      await writeFile(file, server.issueToken(POLICY));
      server.revokeToken(token);
      expect(await holder.rootKeyIds()).toEqual(['root-1']);
      server.failNext({ status: 403, meanwhile: () => writeFile(file, server.issueToken(POLICY)) });
      expect(await holder.rootKeyIds()).toEqual(['root-1']);
      await writeFile(file, token);
      await expect(holder.check()).rejects.toEqual(refusal('HOLDER_REFUSED'));
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('destroys a version whose destruction had stopped half way', async () => {
    const holder = await opened();
    const lost = await holder.wrap(SECRET, 'x', BINDING);
    await holder.createRootKey();
    const noTrim = server.issueToken({ ...POLICY, [`transit/keys/${KEY_NAME}/trim`]: [] });
    await expect((await open({ token: noTrim })).destroyRootKey('root-1')).rejects.toEqual(refusal('HOLDER_REFUSED'));
    expect(await holder.rootKeyIds()).toEqual(['root-1', 'root-2']);
    await expect(holder.unwrap(lost, 'x', BINDING)).rejects.toEqual(refusal('ROOT_KEY_UNKNOWN'));
    await holder.destroyRootKey('root-1');
    expect(await holder.rootKeyIds()).toEqual(['root-2']);
  });

  it('does not use a key that the server would give away, or of another kind', async () => {
    const operator = server.issueToken();
    const make = (name: string, body: object): Promise<Response> =>
      fetch(`${server.address}/v1/transit/keys/${name}`, { method: 'POST', headers: { 'X-Vault-Token': operator }, body: JSON.stringify(body) });
    await make('exportable', { exportable: true });
    await make('backup', { allow_plaintext_backup: true });
    for (const keyName of ['exportable', 'backup']) await expect(open({ keyName, token: operator })).rejects.toEqual(refusal('ROOT_KEY_EXPOSED'));
    server.failNext({ status: 200, body: JSON.stringify({ data: { type: 'rsa-4096', latest_version: 1 } }) });
    await expect(open()).rejects.toEqual(refusal('HOLDER_MISCONFIGURED'));
  });

  it('makes no key by wrapping, however generous the policy', async () => {
    const holder = await open({ token: server.issueToken() });
    await expect(holder.wrap(SECRET, 'x', BINDING)).rejects.toEqual(refusal('ROOT_KEY_UNKNOWN'));
    expect(await holder.rootKeyIds()).toEqual([]);
  });

  it('asks again, ever later, while the server is sealed or busy, and gives up in the end', async () => {
    const clock = new ManualClock();
    const holder = await opened({ attempts: 3, clock });
    server.failNext({ status: 503 }, { status: 429 });
    const before = server.requests.length;
    const ids = holder.rootKeyIds();
    for (const pause of [200, 400]) await woken(clock, pause);
    expect(await ids).toEqual(['root-1']);
    expect(server.requests.length - before).toBe(3);
    server.setSealed(true);
    const failing = expect(holder.rootKeyIds()).rejects.toEqual(refusal('HOLDER_UNREACHABLE'));
    for (const pause of [200, 400]) await woken(clock, pause);
    await failing;
    expect(server.requests.length - before).toBe(6);
    server.setSealed(false);
    await holder.check();
  });

  it.each([
    ['never answers', 'hang' as const],
    ['answers with more than it should', { status: 200, body: ' '.repeat(70_000) }],
    ['answers with what is not JSON', { status: 200, body: '<html>' }],
    ['answers with another shape', { status: 200, body: '{"data":{"type":"aes256-gcm96","latest_version":"many"}}' }],
  ])('is unreachable where the server %s', async (_, failure) => {
    const holder = await opened({ timeoutMilliseconds: 500 });
    server.failNext(failure);
    await expect(holder.rootKeyIds()).rejects.toEqual(refusal('HOLDER_UNREACHABLE'));
    await holder.check();
  });

  it('takes its token nowhere else: a redirect is refused', async () => {
    const elsewhere = await VaultStandIn.start();
    try {
      const holder = await opened();
      server.failNext({ status: 307, headers: { Location: `${elsewhere.address}/v1/transit/keys/${KEY_NAME}` } });
      await expect(holder.rootKeyIds()).rejects.toEqual(refusal('HOLDER_REFUSED'));
      expect(elsewhere.requests).toEqual([]);
    } finally {
      await elsewhere.stop();
    }
  });

  it('says neither token nor secret nor what the server wrote in any error', async () => {
    const holder = await opened();
    const wrapped = await holder.wrap(SECRET, 'x', BINDING);
    const said: string[] = [];
    const failures = [{ status: 403, body: 'PRIVATE' }, { status: 500, body: 'PRIVATE' }, { status: 200, body: 'PRIVATE' }, { status: 302, body: 'PRIVATE' }, { status: 400, body: '["PRIVATE"]' }];
    for (const failure of failures) {
      server.failNext(failure, failure);
      for (const work of [() => holder.wrap(SECRET, 'x', BINDING), () => holder.unwrap(wrapped, 'y', BINDING)]) await work().catch((error: unknown) => said.push(inspect(error, { depth: 5 })));
    }
    server.revokeToken(token);
    await holder.check().catch((error: unknown) => said.push(inspect(error, { depth: 5 })));
    expect(said.length).toBeGreaterThan(9);
    for (const text of said) {
      for (const secret of ['PRIVATE', token, Buffer.from(SECRET).toString('base64')]) expect(text).not.toContain(secret);
    }
  });
});

/** Moves the clock once somebody waits for it. */
async function woken(clock: ManualClock, milliseconds: number): Promise<void> {
  while (clock.sleeping === 0) await new Promise((resolve) => setImmediate(resolve));
  clock.advance(milliseconds);
}
