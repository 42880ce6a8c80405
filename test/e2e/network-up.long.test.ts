import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { type Server, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startCommand } from '../support/cli.ts';
import type { RunningCommand } from '../support/cli.ts';

const TIMEOUT = 240_000;

interface ReadyEvent {
  readonly event: 'ready';
  readonly hospitals: readonly {
    readonly name: string;
    readonly did: string;
    readonly peerId: string;
    readonly graphql: string;
    readonly databaseUrl: string;
    readonly users: readonly { readonly username: string; readonly password: string; readonly role: string }[];
  }[];
}

describe('carecord network up', () => {
  let directory: string;
  let squatter: Server | undefined;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'carecord-up-'));
    // Somebody else has the first hospital's port; where that is true already, nothing needs to be done.
    squatter = await new Promise((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(undefined));
      server.listen(4101, '127.0.0.1', () => resolve(server));
    });
  });

  afterAll(async () => {
    squatter?.close();
    await rm(directory, { recursive: true, force: true });
  });

  it(
    'runs the scenario, prints machine-readable lines alone on stdout, and exits with 0',
    async () => {
      const command = startCommand(['network', 'up', '--once', '--json', '--directory', directory]);
      const code = await command.exited;
      expect({ code, errors: code === 0 ? '' : command.errors() + command.lines.join('\n') }).toEqual({ code: 0, errors: '' });
      const events = command.lines.map((line) => JSON.parse(line) as { event: string; step?: string });
      expect(events.map(({ event, step }) => step ?? event)).toEqual([
        'ready',
        'admit',
        'publish',
        'consent',
        'locate',
        'request',
        'read',
        'audit',
        'refuse',
        'withdraw',
        'done',
      ]);
      const { hospitals } = events[0] as unknown as ReadyEvent;
      expect(hospitals).toHaveLength(3);
      for (const key of ['name', 'did', 'peerId', 'graphql', 'databaseUrl'] as const) expect(new Set(hospitals.map((hospital) => hospital[key])).size).toBe(3);
      for (const { did, users, graphql } of hospitals) {
        expect(did).toMatch(/^did:webvh:[A-Za-z0-9]+:[a-z]+\.hospital\.example$/);
        expect(users.map(({ role }) => role)).toEqual(expect.arrayContaining(['clinician', 'privacy-officer', 'administrator']));
        expect(new URL(graphql).hostname).toBe('127.0.0.1');
      }
      expect(new URL(hospitals[0]?.graphql ?? '').port).not.toBe('4101');
    },
    TIMEOUT,
  );

  it(
    'reuses the data at the second start, adds a hospital, stays up, and stops everything at Ctrl-C',
    async () => {
      const command = startCommand(['network', 'up', '--json', '--hospitals', '4', '--directory', directory]);
      const ready = JSON.parse(await command.line((line) => line.includes('"ready"'))) as ReadyEvent;
      await command.line((line) => line.includes('"done"'));
      expect(command.lines.some((line) => line.includes('"admit"'))).toBe(false);
      expect(ready.hospitals.map(({ name }) => name)).toEqual(['Alder General Hospital', 'Birch University Hospital', 'Chestnut Clinic', 'Dogwood Heart Centre']);
      const addresses = ready.hospitals.map(({ graphql }) => graphql);
      for (const address of addresses) await expect(answers(address)).resolves.toBe(true);

      const second = startCommand(['network', 'up', '--once', '--directory', directory]);
      expect(await second.exited).toBe(1);
      expect(second.lines.join('\n')).toMatch(/running already/);
      const reset = startCommand(['reset', '--directory', directory]);
      expect(await reset.exited).toBe(1);

      command.child.kill('SIGINT');
      expect(await command.exited).toBe(0);
      for (const address of addresses) await expect(answers(address)).resolves.toBe(false);
      await expect(answers(ready.hospitals[0]?.databaseUrl ?? '')).resolves.toBe(false);
    },
    TIMEOUT,
  );

  it(
    'does not leave a hospital out, and takes no number that it cannot have',
    async () => {
      const up = (hospitals: string): RunningCommand => startCommand(['network', 'up', '--once', '--hospitals', hospitals, '--directory', directory]);
      const fewer = up('3');
      const invalid = [up('9'), up('four')];
      expect(await fewer.exited).toBe(1);
      expect(fewer.lines.join('\n')).toMatch(/ has 4 hospitals, of which none can be left out: /);
      for (const command of invalid) {
        expect(await command.exited).toBe(1);
        expect(command.errors()).toMatch(/--hospitals <number>' argument '[^']+' is invalid\. It must be a /);
      }
    },
    TIMEOUT,
  );

  it('removes everything with reset', async () => {
    const reset = startCommand(['reset', '--directory', directory]);
    expect(await reset.exited).toBe(0);
    await expect(readdir(directory)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('says what is wrong with a folder of bundles that has none', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'carecord-empty-'));
    const command = startCommand(['network', 'up', '--once', '--bundles', empty, '--directory', directory]);
    expect(await command.exited).toBe(1);
    expect(command.lines.join('\n')).toMatch(/at least two patients/);
    await rm(empty, { recursive: true });
  });

  it(
    'has help for every command',
    async () => {
      const commands = [['help'], ['node', '--help'], ['network', '--help'], ['network', 'up', '--help'], ['network', 'status', '--help'], ['peers', '--help'], ['reset', '--help']].map((args) => startCommand(args));
      for (const command of commands) {
        expect(await command.exited).toBe(0);
        expect(command.lines.join('\n')).toMatch(/Usage: carecord/);
      }
    },
    TIMEOUT,
  );
});

/** Whether something listens at the address. */
async function answers(address: string): Promise<boolean> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
