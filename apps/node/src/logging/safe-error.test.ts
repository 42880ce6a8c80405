import { Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { pino } from 'pino';
import type { Logger } from 'pino';
import { NodeError } from '../failures/node-error.ts';
import { nodeLogger } from './node-logger.ts';
import { pinoOptions } from './pino-options.ts';
import { safeError } from './safe-error.ts';

function recording(): { lines: string[]; writer: Logger } {
  const lines: string[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(chunk.toString());
      done();
    },
  });
  return { lines, writer: pino(pinoOptions({ role: 'hospital', domain: 'a.hospital.example', logLevel: 'debug' }), stream) };
}

describe('what is logged of an error', () => {
  it('holds the sentence of our own errors, and name, code and places of all others', () => {
    expect(safeError(new NodeError('NOT_FOUND', 'Nothing there.'))).toMatchObject({ errorName: 'NodeError', errorCode: 'NOT_FOUND', errorMessage: 'Nothing there.' });
    const foreign = safeError(Object.assign(new Error('duplicate key: Smith'), { code: 'P2002' }));
    expect(foreign).toMatchObject({ errorName: 'Error', errorCode: 'P2002' });
    expect(foreign.errorStack).toContain('safe-error.test.ts');
    expect(JSON.stringify(foreign)).not.toContain('Smith');
  });

  it('follows causes, but not in circles', () => {
    const circular = new Error('Smith');
    circular.cause = circular;
    expect(JSON.stringify(safeError(circular))).not.toContain('Smith');
    expect(safeError(new Error('outer', { cause: new TypeError('inner') })).causedBy?.errorName).toBe('TypeError');
    expect(safeError('Smith')).toEqual({ errorName: 'string' });
  });
});

describe('nodeLogger', () => {
  it('writes events as JSON lines with the safe form of a cause', () => {
    const { lines, writer } = recording();
    nodeLogger(writer).warn('job-failed', { attempts: 3 }, new Error('Smith'));
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'warn', event: 'job-failed', attempts: 3, node: 'a.hospital.example', cause: { errorName: 'Error' } });
    expect(lines.join('')).not.toContain('Smith');
  });

  it('redacts what should never have been put there', () => {
    const { lines, writer } = recording();
    writer.info({ password: 'Smith', request: { variables: 'Smith', headers: 'Smith' }, err: new Error('Smith') });
    expect(lines.join('')).not.toContain('Smith');
  });
});
