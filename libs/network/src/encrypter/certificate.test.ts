import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { makeEphemeralCertificate } from './certificate.ts';

describe('makeEphemeralCertificate', () => {
  it('is an X.509 certificate signed by its own Ed25519 key', () => {
    const made = makeEphemeralCertificate();
    const certificate = new X509Certificate(made.certificate);
    expect(certificate.publicKey.asymmetricKeyType).toBe('ed25519');
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.subject).toBe('CN=carecord');
  });

  it('has a fresh key and serial each time', () => {
    const one = new X509Certificate(makeEphemeralCertificate().certificate);
    const other = new X509Certificate(makeEphemeralCertificate().certificate);
    expect(one.serialNumber).not.toBe(other.serialNumber);
    expect(one.fingerprint256).not.toBe(other.fingerprint256);
    expect(one.verify(other.publicKey)).toBe(false);
  });
});
