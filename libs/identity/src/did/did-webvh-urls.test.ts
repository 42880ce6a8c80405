import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { IdentityError } from '../identity-error.ts';
import { didWebvhUrls } from './did-webvh-urls.ts';

const SCID = 'QmUpKUeZtsguSotqSNDAkEJffjRZdMKFJnQH24aCqyUjiW';
const invalid = expect.objectContaining({ code: 'DID_INVALID' });

describe('didWebvhUrls', () => {
  it.each([
    ['a.hospital.example', 'https://a.hospital.example/.well-known/'],
    ['a.hospital.example%3A8443', 'https://a.hospital.example:8443/.well-known/'],
    ['a.hospital.example:dids:issuer', 'https://a.hospital.example/dids/issuer/'],
    ['localhost%3A8000:a', 'https://localhost:8000/a/'],
    ['xn--bcher-kva.example:%C3%A9tude', 'https://xn--bcher-kva.example/%C3%A9tude/'],
  ])('finds %s', (address, folder) => {
    const { log, witness, cosignatures } = didWebvhUrls(`did:webvh:${SCID}:${address}`);
    expect([log.href, witness.href, cosignatures.href]).toEqual([`${folder}did.jsonl`, `${folder}did-witness.json`, `${folder}did-cosignatures.json`]);
  });

  it.each([
    ...['127.0.0.1', '127.1', '2130706433', '0x7f.1', '0x7f000001', '[%3A%3A1]', '127%2E0%2E0%2E1', '127.0.0.1%3A8000', '127.0.0.1%3a8000', '127.0.0.1#x', '%31%32%37.0.0.1'],
    ...['a.example%3a8000', 'a.example%3A', 'a.example%3A0', 'a.example%3A080', 'a.example%3A65536', 'a.example%3A80%3A80', 'a.example%2F..', 'a.example%253A80'],
    ...['a.example:..', 'a.example:.', 'a.example:..:etc', 'a.example:a:..', 'a.example:%2E%2E', 'a.example:%2e%2e', 'a.example:a%2Fb', 'a.example:a%5Cb', 'a.example:a%00', 'a.example:a%20', 'a.example:a%25', 'a.example:', 'a.example::a'],
    ...['a.example#x', 'a.example?x', 'a.example:a#x', 'a.example/x', 'user@a.example', 'a.example\n', ' a.example', 'a..example', 'a.example.', '-a.example', '', `${'a'.repeat(64)}.example`, 'b\u00FCcher.example', `${'a.'.repeat(130)}example`],
  ])('refuses %j', (address) => {
    expect(() => didWebvhUrls(`did:webvh:${SCID}:${address}`)).toThrow(invalid);
  });

  it.each(['did:web:a.example', `did:webvh:a.example`, `did:webvh:Qm0000000000000000000000000000000000000000000000:a.example`, `xdid:webvh:${SCID}:a.example`, `did:webvh:${SCID}`, ''])('refuses %s', (did) => {
    expect(() => didWebvhUrls(did)).toThrow(invalid);
  });

  it('never leads out of the folder that the path names', () => {
    const alphabet = fc.constantFrom('a', '.', ':', '%2E', '%2F', '%3A', '/', '\\', '%C3%A9', '#', '?', '1', '-', '@');
    fc.assert(
      fc.property(fc.array(alphabet, { maxLength: 12 }), (parts) => {
        try {
          const { log } = didWebvhUrls(`did:webvh:${SCID}:a.example${parts.join('')}`);
          expect(log).toMatchObject({ protocol: 'https:', username: '', search: '', hash: '' });
          expect(log.href).toMatch(/^https:\/\/a\.example[a-z0-9.-]*(:\d+)?\/(?:[a-zA-Z0-9%._-]+\/)+did\.jsonl$/);
        } catch (error) {
          if (!(error instanceof IdentityError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });
});
