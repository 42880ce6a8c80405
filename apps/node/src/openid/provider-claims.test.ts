import { describe, expect, it } from '@jest/globals';
import type { StaffRole } from '../authorisation/roles.ts';
import { idTokenClaimsSchema, roleOf } from './provider-claims.ts';

const roles = new Map<string, StaffRole>([['doctors', 'clinician'], ['physicians', 'clinician'], ['desk', 'front-desk']]);
const from = (claims: Record<string, unknown>, roleClaim: string): StaffRole => roleOf({ iss: 'https://provider.example', sub: 'carla', ...claims }, { roleClaim, roles });
const REFUSED = expect.objectContaining({ code: 'OPENID_ROLE_REFUSED' }) as unknown as Error;

describe('the claims of an ID token', () => {
  it.each(['\ud800', 'carla\udfff', '', 'c'.repeat(256)])('name a person by a text that is told apart from any other', (sub) => {
    expect(idTokenClaimsSchema.safeParse({ iss: 'https://provider.example', sub }).success).toBe(false);
    expect(idTokenClaimsSchema.safeParse({ iss: 'https://provider.example', sub: 'Zoë 𝄞' }).success).toBe(true);
  });
});

describe('roleOf', () => {
  it('finds a claim by its name, whatever stands in it, and by a JSON Pointer', () => {
    expect(from({ 'https://hospital.example/roles': 'doctors' }, 'https://hospital.example/roles')).toBe('clinician');
    expect(from({ realm_access: { roles: ['offline_access', 'desk'] } }, '/realm_access/roles')).toBe('front-desk');
    expect(from({ 'a/b': { 'c~d': ['desk'] } }, '/a~1b/c~0d')).toBe('front-desk');
  });

  it('gives one role for several values that mean the same', () => {
    expect(from({ roles: ['doctors', 'physicians', 'choir'] }, 'roles')).toBe('clinician');
  });

  it.each([{}, { roles: null }, { roles: 7 }, { roles: {} }, { roles: ['Doctors'] }, { roles: [['doctors']] }, { roles: 'doctors desk' }, { roles: ['doctors', 'desk'] }])('refuses %j', (claims) => {
    expect(() => from(claims, 'roles')).toThrow(REFUSED);
  });

  it('reads no inherited member', () => {
    expect(() => from({}, '/constructor/name')).toThrow(REFUSED);
    expect(() => roleOf({ iss: 'i', sub: 's', roles: 'size' }, { roleClaim: 'roles', roles: new Map() })).toThrow(REFUSED);
  });
});
