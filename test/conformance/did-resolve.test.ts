import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { startCommand } from '../support/cli.ts';

/** Vectors of the did:webvh test suite, beside the repository; they are not copied into it. */
const vectors = fileURLToPath(new URL('../../../shared/data/did-webvh/', import.meta.url));
const present = existsSync(vectors);
if (!present) process.stderr.write('Skipped: the did:webvh vectors are not beside this repository (shared/data/did-webvh).\n');

const ED25519_DID = 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK';

interface Result {
  readonly didDocument: Record<string, unknown> | null;
  readonly didDocumentMetadata: Record<string, unknown>;
  readonly didResolutionMetadata: { readonly error?: string; readonly contentType?: string };
}

async function resolve(...args: string[]): Promise<{ code: number | null; result: Result | undefined; errors: string }> {
  const command = startCommand(['did', 'resolve', ...args]);
  const code = await command.exited;
  const text = command.lines.join('\n');
  return { code, result: text === '' ? undefined : (JSON.parse(text) as Result), errors: command.errors() };
}

const expected = (vector: string): Result => JSON.parse(readFileSync(join(vectors, vector, 'resolutionResult.json'), 'utf8')) as Result;
const idOf = ({ didDocument }: Result): string => String(didDocument?.['id']);
const historyOf = (vector: string): string => join(vectors, vector, 'did.jsonl');

describe('carecord did resolve', () => {
  it('prints the result for a did:key, for people or in one line', async () => {
    const shown = await resolve(ED25519_DID);
    expect(shown).toMatchObject({ code: 0, errors: '', result: { didDocument: { id: ED25519_DID }, didDocumentMetadata: {}, didResolutionMetadata: { contentType: 'application/did+ld+json' } } });
    const command = startCommand(['did', 'resolve', ED25519_DID, '--json']);
    expect(await command.exited).toBe(0);
    expect(command.lines).toHaveLength(1);
    expect(JSON.parse(command.lines[0] ?? '')).toEqual(shown.result);
  });

  it('exits with 1 and a sentence when there is no document', async () => {
    expect(await resolve('did:key:z6Mk')).toMatchObject({ code: 1, result: undefined, errors: expect.stringMatching(/^The did:key .*\. \(invalidDid\)\n$/) });
    expect(await resolve('not a did', '--json')).toMatchObject({ code: 1, result: { didDocument: null, didResolutionMetadata: { error: 'invalidDid' } } });
    expect(await resolve('did:example:1', '--json')).toMatchObject({ code: 1, result: { didResolutionMetadata: { error: 'methodNotSupported' } } });
  });

  it('asks no private address for a document unless that is allowed', async () => {
    const refused = await resolve('did:web:localhost%3A1', '--json');
    expect(refused).toMatchObject({ code: 1, result: { didResolutionMetadata: { error: 'notFound' } } });
    expect(await resolve('did:web:127.0.0.1', '--allow-address', '127.0.0.1', '--json')).toMatchObject({ code: 1, result: { didResolutionMetadata: { error: 'invalidDid' } } });
  });

  it('says what is wrong with a history file', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'carecord-did-'));
    const garbage = join(directory, 'did.jsonl');
    await writeFile(garbage, 'garbage');
    const did = 'did:webvh:Qmdxt11AjZewCNXX69bpEDobgjySeZ7eFwjf4tgpF6p2Dg:example.com';
    expect(await resolve(did, '--history', join(directory, 'missing.jsonl'))).toMatchObject({ code: 1, errors: expect.stringContaining('There is no file') });
    expect(await resolve(did, '--history', directory)).toMatchObject({ code: 1, errors: expect.stringContaining('cannot be read') });
    expect(await resolve(did, '--history', garbage)).toMatchObject({ code: 1, errors: expect.stringContaining('does not verify') });
    await rm(directory, { recursive: true });
  });
});

(present ? describe : describe.skip)('carecord did resolve with vectors of the did:webvh test suite', () => {
  // A process each: all vectors are run in libs/identity.
  it.each(['basic-create/ts', 'basic-update/python', 'services/rust', 'witness-threshold/ts'])('resolves %s as the suite says', async (vector) => {
    const wanted = expected(vector);
    const { code, result, errors } = await resolve(idOf(wanted), '--history', historyOf(vector), '--json');
    expect({ code, errors }).toEqual({ code: 0, errors: '' });
    expect(result?.didDocument).toMatchObject({ id: idOf(wanted), verificationMethod: wanted.didDocument?.['verificationMethod'] });
    const { versionId, created, updated, versionTime } = wanted.didDocumentMetadata;
    expect(result?.didDocumentMetadata).toMatchObject(Object.fromEntries(Object.entries({ versionId, created, updated, versionTime }).filter(([, value]) => value !== undefined)));
  });

  it('says that a DID was deactivated', async () => {
    const { code, result, errors } = await resolve(idOf(expected('deactivate/ts')), '--history', historyOf('deactivate/ts'), '--json');
    expect({ code, result }).toMatchObject({ code: 1, result: { didDocument: null, didDocumentMetadata: { deactivated: true } } });
    expect(errors).toContain('deactivated');
  });

  it('refuses the history of another DID, and one that was tampered with', async () => {
    const did = idOf(expected('basic-create/ts'));
    expect(await resolve(did.replace('example.com', 'example.org'), '--history', historyOf('basic-create/ts'), '--json')).toMatchObject({ code: 1, result: { didResolutionMetadata: { error: 'invalidDid' } } });
    const directory = await mkdtemp(join(tmpdir(), 'carecord-did-'));
    const tampered = join(directory, 'did.jsonl');
    await writeFile(tampered, readFileSync(historyOf('basic-create/ts'), 'utf8').replace('P5RDjVJG"]', 'P5RDjVJX"]'));
    expect(await resolve(did, '--history', tampered, '--json')).toMatchObject({ code: 1, result: { didResolutionMetadata: { error: 'invalidDid' } } });
    await rm(directory, { recursive: true });
  });
});
