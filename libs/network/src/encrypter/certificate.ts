import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A TLS certificate and its key, PEM. */
export interface TlsCertificate {
  readonly certificate: string;
  readonly privateKey: string;
}

// DER tags (ITU-T X.690) of the few types that a certificate needs.
const INTEGER = 0x02;
const BIT_STRING = 0x03;
const UTF8_STRING = 0x0c;
const GENERALIZED_TIME = 0x18;
const SEQUENCE = 0x30;
const SET = 0x31;
const EXPLICIT_0 = 0xa0;

const OID_ED25519 = Buffer.from('06032b6570', 'hex');
const OID_COMMON_NAME = Buffer.from('0603550403', 'hex');
/** RFC 5280, section 4.1.2.2: at most 20 octets, positive. */
const SERIAL_BYTES = 16;

/**
 * A self-signed Ed25519 certificate (RFC 5280, RFC 8410) with a fresh key. It names nobody and nobody checks it: TLS wants
 * one, and who the peer is is proven afterwards over the exporter of the same connection. Written out here because it is
 * seven fields that never vary, and because `node:crypto` reads certificates but makes none.
 */
export function makeEphemeralCertificate(): TlsCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const algorithm = der(SEQUENCE, OID_ED25519);
  const name = der(SEQUENCE, der(SET, der(SEQUENCE, OID_COMMON_NAME, der(UTF8_STRING, Buffer.from('carecord')))));
  // RFC 5280, section 4.1.2.5: 99991231235959Z is the date of a certificate without a good end date.
  const validity = der(SEQUENCE, time('20000101000000Z'), time('99991231235959Z'));
  const version3 = der(EXPLICIT_0, der(INTEGER, Buffer.from([2])));
  const toBeSigned = der(SEQUENCE, version3, serial(), algorithm, name, validity, name, publicKey.export({ type: 'spki', format: 'der' }));
  const signature = der(BIT_STRING, Buffer.from([0]), sign(null, toBeSigned, privateKey));
  return {
    certificate: pem('CERTIFICATE', der(SEQUENCE, toBeSigned, algorithm, signature)),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function serial(): Buffer {
  const value = randomBytes(SERIAL_BYTES);
  // The first octet between 0x40 and 0x7f: positive, and in its shortest form.
  value[0] = ((value[0] ?? 0) & 0x3f) | 0x40;
  return der(INTEGER, value);
}

function time(text: string): Buffer {
  return der(GENERALIZED_TIME, Buffer.from(text, 'latin1'));
}

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const length = content.length < 0x80 ? [content.length] : content.length < 0x100 ? [0x81, content.length] : [0x82, content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

function pem(label: string, content: Buffer): string {
  const lines = content.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
