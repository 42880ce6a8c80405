import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { variablesSchema } from '../config/variables.ts';
import { openIdSettings, openIdVariables } from './openid-configuration.ts';
import type { OpenIdFiles } from './openid-configuration.ts';
import type { OpenIdSettings } from './openid-settings.ts';

const SECRET: OpenIdFiles = { clientKey: undefined, clientSecret: 'a secret of enough letters' };
const WHOLE = {
  CARECORD_PUBLIC_URL: 'https://carecord.hospital.example/',
  CARECORD_OPENID_ISSUER: 'https://sign-in.hospital.example/realms/staff',
  CARECORD_OPENID_CLIENT_ID: 'carecord',
  CARECORD_OPENID_ROLES: 'care:doctors=clinician, group=a=front-desk',
};

function load(change: Record<string, string | undefined> = {}, files = SECRET, demo = false): { settings: OpenIdSettings | undefined; mistakes: string[] } {
  const mistakes: string[] = [];
  const parsed = z.object({ ...openIdVariables, CARECORD_PUBLIC_URL: variablesSchema.shape.CARECORD_PUBLIC_URL }).safeParse({ ...WHOLE, ...change });
  if (!parsed.success) return { settings: undefined, mistakes: parsed.error.issues.map(({ message }) => message) };
  return { settings: openIdSettings(parsed.data, files, demo, mistakes), mistakes };
}

const pem = (kind: 'P-256' | 'P-384' | 'secp256k1' | number): string =>
  (typeof kind === 'number' ? generateKeyPairSync('rsa', { modulusLength: kind }) : generateKeyPairSync('ec', { namedCurve: kind })).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

describe('the configuration of an OpenID provider', () => {
  it('is read as a whole', () => {
    const { settings, mistakes } = load({ CARECORD_OPENID_REQUIRED_AMR: 'mfa, hwk', CARECORD_OPENID_CREATE_ACCOUNTS: '1', CARECORD_OPENID_RETURN_PATH: '/app' });
    expect(mistakes).toEqual([]);
    expect(settings).toMatchObject({
      publicUrl: 'https://carecord.hospital.example',
      issuer: WHOLE.CARECORD_OPENID_ISSUER,
      scope: 'openid profile',
      roleClaim: 'roles',
      requiredAcr: [],
      requiredAmr: ['mfa', 'hwk'],
      maxAgeSeconds: 36_000,
      createAccounts: true,
      returnPath: '/app',
    });
    expect([...(settings?.roles ?? [])]).toEqual([['care:doctors', 'clinician'], ['group=a', 'front-desk']]);
  });

  it('is left out when there is none', () => {
    const none = { CARECORD_PUBLIC_URL: undefined, CARECORD_OPENID_ISSUER: undefined, CARECORD_OPENID_CLIENT_ID: undefined, CARECORD_OPENID_ROLES: undefined };
    expect(load(none)).toEqual({ settings: undefined, mistakes: [] });
    expect(load({ ...none, CARECORD_OPENID_CLIENT_ID: 'carecord' }).mistakes).toEqual([expect.stringContaining('CARECORD_OPENID_ISSUER is missing')]);
  });

  it.each([
    [{ CARECORD_PUBLIC_URL: undefined }, 'CARECORD_PUBLIC_URL is missing'],
    [{ CARECORD_OPENID_CLIENT_ID: undefined }, 'CARECORD_OPENID_CLIENT_ID is missing'],
    [{ CARECORD_OPENID_ROLES: undefined }, 'CARECORD_OPENID_ROLES is missing'],
    [{ CARECORD_OPENID_ROLES: 'doctors=king' }, 'CARECORD_OPENID_ROLES must hold value=role'],
    [{ CARECORD_OPENID_ROLES: 'ehr=integration-client' }, 'CARECORD_OPENID_ROLES must hold value=role'],
    [{ CARECORD_OPENID_ROLES: 'a=clinician,a=front-desk' }, 'names a value twice'],
    [{ CARECORD_OPENID_ISSUER: 'http://sign-in.hospital.example' }, 'CARECORD_OPENID_ISSUER must be an https:// address outside demo mode'],
    [{ CARECORD_PUBLIC_URL: 'http://carecord.hospital.example' }, 'CARECORD_PUBLIC_URL must be an https:// address outside demo mode'],
    [{ CARECORD_OPENID_ISSUER: 'https://user:word@sign-in.hospital.example' }, 'CARECORD_OPENID_ISSUER must be an https:// address'],
    [{ CARECORD_PUBLIC_URL: 'https://carecord.hospital.example/?x' }, 'CARECORD_PUBLIC_URL must be an https:// address'],
    [{ CARECORD_OPENID_RETURN_PATH: '//evil.example' }, 'CARECORD_OPENID_RETURN_PATH must be a path'],
    [{ CARECORD_OPENID_RETURN_PATH: 'https://evil.example' }, 'CARECORD_OPENID_RETURN_PATH must be a path'],
    [{ CARECORD_OPENID_SCOPE: 'profile' }, 'CARECORD_OPENID_SCOPE must begin with openid'],
    [{ CARECORD_OPENID_MAX_AGE_SECONDS: '0' }, 'CARECORD_OPENID_MAX_AGE_SECONDS must be'],
  ])('stops the start with one sentence: %j', (change, sentence) => {
    expect(load(change)).toEqual({ settings: undefined, mistakes: [expect.stringContaining(sentence)] });
  });

  it('allows plain HTTP in demo mode', () => {
    expect(load({ CARECORD_OPENID_ISSUER: 'http://127.0.0.1:3000', CARECORD_PUBLIC_URL: 'http://127.0.0.1:4101' }, SECRET, true).settings).toBeDefined();
  });

  it('wants exactly one proof, and a strong one', () => {
    const withKey = (clientKey: string): string[] => load({}, { clientKey, clientSecret: undefined }).mistakes;
    for (const good of [pem('P-256'), pem('P-384'), pem(2048)]) expect(withKey(good)).toEqual([]);
    for (const bad of [pem('secp256k1'), pem(1024), 'no key']) expect(withKey(bad)).toEqual([expect.stringContaining('CARECORD_OPENID_CLIENT_KEY_FILE must hold')]);
    expect(load({}, { clientKey: undefined, clientSecret: 'short' }).mistakes).toEqual([expect.stringContaining('at least 16 characters')]);
    expect(load({}, { clientKey: undefined, clientSecret: undefined }).mistakes).toEqual([expect.stringContaining('exactly one of')]);
    expect(load({}, { clientKey: pem('P-256'), clientSecret: 'a secret of enough letters' }).mistakes).toEqual([expect.stringContaining('exactly one of')]);
  });
});
