import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startCommand } from '../support/cli.ts';

const TIMEOUT = 400_000;

describe('the largest local network', () => {
  let directory: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'carecord-eight-'));
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  it(
    'has eight hospitals that join and play the scenario',
    async () => {
      const command = startCommand(['network', 'up', '--once', '--json', '--hospitals', '8', '--directory', directory]);
      expect({ code: await command.exited, output: command.lines.at(-1) }).toEqual({ code: 0, output: '{"event":"done"}' });
      const ready = JSON.parse(command.lines[0] ?? '') as { readonly event: string; readonly hospitals: readonly { readonly did: string }[] };
      expect(ready.event).toBe('ready');
      expect(new Set(ready.hospitals.map(({ did }) => did)).size).toBe(8);
    },
    TIMEOUT,
  );
});
