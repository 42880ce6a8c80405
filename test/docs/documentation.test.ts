import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { buildSchema, parse, validate } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import * as documents from '../../apps/cli/src/client/documents.ts';
import { carecordProgram } from '../../apps/cli/src/program.ts';
import { variablesSchema } from '../../apps/node/src/config/variables.ts';
import { NETWORK_METRICS } from '../../apps/node/src/metrics/network-metrics.ts';
// The rooms are a plain script's table, so that the lint configuration can read it.
import { rooms } from '../../tools/rooms.mjs';
import { commandMistake, writtenCommands } from './commands.ts';

/** The pages with GraphQL, and the nodes that an example is for unless its fence names one (```graphql authority). */
const GRAPHQL_PAGES: Readonly<Record<string, readonly NodeKind[]>> = {
  'graphql.md': ['hospital'],
  'keys.md': ['hospital', 'authority'],
  'onboarding.md': ['authority'],
  'sign-in.md': ['hospital'],
  'staff.md': ['hospital', 'authority'],
};
type NodeKind = 'hospital' | 'authority';
/** Of the tests themselves, and a whole group of variables. */
const OTHER_VARIABLES = /^CARECORD_(?:TEST|LONG)_|_$/;

const markdown = async (): Promise<{ path: string; text: string }[]> => {
  const below = (await readdir('docs', { recursive: true })).filter((path) => path.endsWith('.md')).map((path) => join('docs', path));
  return Promise.all(['README.md', ...below].map(async (path) => ({ path, text: await readFile(path, 'utf8') })));
};
/** The blocks of a language, each with what stands behind its name in the fence. */
const fenced = (text: string, language: string): { text: string; note: string }[] =>
  [...text.matchAll(new RegExp(`^ *\`\`\`${language}(?: +(\\S+))?\\n([\\s\\S]*?)^ *\`\`\``, 'gm'))].map(([, note = '', block = '']) => ({ text: block, note }));
/** The anchors of a page's headings, as GitHub makes them. */
const anchors = (text: string): string[] => {
  const seen = new Map<string, number>();
  return [...text.replaceAll(/^ *```[\s\S]*?^ *```/gm, '').matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => {
    const anchor = heading.toLowerCase().replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-');
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
};
const schemaOf = async (kind: NodeKind): Promise<GraphQLSchema> => buildSchema(await readFile(join('docs', kind === 'hospital' ? 'schema.graphql' : 'authority.graphql'), 'utf8'));

describe('the documentation', () => {
  it('has no broken link to a file', async () => {
    const broken: string[] = [];
    for (const { path, text } of await markdown()) {
      for (const [, target = ''] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) if (!existsSync(join(dirname(path), target))) broken.push(`${path}: ${target}`);
    }
    expect(broken).toEqual([]);
  });

  it('has no broken link to a heading', async () => {
    const broken: string[] = [];
    for (const { path, text } of await markdown()) {
      for (const [, target = '', anchor = ''] of text.matchAll(/\]\((?!https?:)([^)#]*)#([^)]+)\)/g)) {
        const page = target === '' ? text : await readFile(join(dirname(path), target), 'utf8');
        if (!anchors(page).includes(anchor)) broken.push(`${path}: ${target}#${anchor}`);
      }
    }
    expect(broken).toEqual([]);
  });

  it('leads from the README to every page', async () => {
    const pages = (await markdown()).map(({ path }) => path).filter((path) => path.startsWith('docs/') && !path.startsWith('docs/decisions/'));
    const readme = await readFile('README.md', 'utf8');
    expect(pages.filter((path) => !readme.includes(`](${path})`))).toEqual([]);
  });

  it('dates every decision, in the name of its page and in its title', async () => {
    for (const page of await readdir(join('docs', 'decisions'))) {
      expect(page).toMatch(/^\d{4}-\d{2}-\d{2}-[a-z0-9-]+\.md$/);
      expect(await readFile(join('docs', 'decisions', page), 'utf8')).toMatch(new RegExp(`^# ${page.slice(0, 10)}: \\S`));
    }
  });

  it('names only tests and source files that exist', async () => {
    const missing: string[] = [];
    for (const { path, text } of await markdown()) {
      for (const [, target = ''] of text.matchAll(/`((?:apps|libs|test|tools|prisma)\/[A-Za-z0-9/._-]+\.[a-z]+)`/g)) if (!existsSync(target)) missing.push(`${path}: ${target}`);
    }
    expect(missing).toEqual([]);
  });

  it('shows GraphQL operations that the schema of their node accepts', async () => {
    const schemas = { hospital: await schemaOf('hospital'), authority: await schemaOf('authority') };
    const mistakes: string[] = [];
    const check = (schema: GraphQLSchema, operation: string, where: string): void => {
      for (const { message } of validate(schema, parse(operation))) mistakes.push(`${where}: ${message}`);
    };
    const counts = new Map<string, number>();
    for (const { path, text } of await markdown()) {
      const kinds = GRAPHQL_PAGES[path.replace('docs/', '')];
      const examples = fenced(text, 'graphql');
      if (kinds === undefined && examples.length > 0) mistakes.push(`${path}: whose examples are these?`);
      for (const { text: operation, note } of examples) {
        for (const kind of note === 'authority' ? (['authority'] as const) : (kinds ?? [])) {
          check(schemas[kind], operation, path);
          counts.set(kind, (counts.get(kind) ?? 0) + 1);
        }
      }
    }
    for (const operation of Object.values(documents)) check(schemas.hospital, operation, 'the command line');
    expect(mistakes).toEqual([]);
    expect(counts.get('hospital')).toBeGreaterThan(20);
    expect(counts.get('authority')).toBeGreaterThan(8);
    expect(validate(schemas.hospital, parse('{ everyPatient { name } }'))).not.toEqual([]);
    expect(validate(schemas.hospital, parse('{ memberships { __typename } }'))).not.toEqual([]);
  });

  it('writes the commands of carecord as the program has them', async () => {
    const program = await carecordProgram();
    const pages = await markdown();
    const commands = pages.flatMap(({ path, text }) => writtenCommands(text).map((command) => ({ path, command })));
    expect(commands.flatMap(({ path, command }) => commandMistake(program, command)?.concat(` (${path}: ${command.text})`) ?? [])).toEqual([]);
    expect(commands.filter(({ command }) => command.complete).length).toBeGreaterThan(12);
    const mistaken = ['carecord hospital leave', 'carecord did resolve', 'carecord did resolve did:web:a.example --quick', 'carecord authority admit did:web:a.example', 'carecord network', 'carecord network up --bundles'];
    expect(mistaken.filter((text) => commandMistake(program, { text, complete: true }) === undefined)).toEqual([]);
  });

  it('shows a newcomer every command', async () => {
    const readme = await readFile('README.md', 'utf8');
    const named = writtenCommands(readme).map(({ text }) => text);
    const leaves = (await carecordProgram()).commands.flatMap((command) => (command.commands.length === 0 ? [command.name()] : command.commands.map((leaf) => `${command.name()} ${leaf.name()}`)));
    expect(leaves.filter((leaf) => !named.some((text) => text === `carecord ${leaf}` || text.startsWith(`carecord ${leaf} `)))).toEqual([]);
  });

  it('explains every variable of the configuration, and no other', async () => {
    const text = await readFile(join('docs', 'configuration.md'), 'utf8');
    const explained = new Set([...text.matchAll(/^\| (`[A-Z0-9_]+`(?:, `[A-Z0-9_]+`)*) \|/gm)].flatMap(([, names = '']) => names.replaceAll('`', '').split(', ')));
    expect([...explained].sort()).toEqual(Object.keys(variablesSchema.shape).sort());
  });

  it('explains every metric, and no other', async () => {
    const [, section = ''] = (await readFile(join('docs', 'configuration.md'), 'utf8')).split('## Metrics');
    const rows = [...section.matchAll(/^\| (`[a-z_]+.*?) \|/gm)].map(([, names = '']) => names).join(' ');
    const explained = [...rows.matchAll(/`([a-z_]+)(?:\{[a-z, ]+\})?`/g)].map(([, name = '']) => `carecord_${name}`);
    expect(explained.sort()).toEqual([...NETWORK_METRICS.map(({ name }) => name), 'carecord_network_statistics_available'].sort());
  });

  it('names no variable that a node does not know', async () => {
    const unknown: string[] = [];
    for (const { path, text } of await markdown()) {
      for (const [name] of text.matchAll(/\bCARECORD_[A-Z0-9_]+/g)) if (!Object.hasOwn(variablesSchema.shape, name) && !OTHER_VARIABLES.test(name)) unknown.push(`${path}: ${name}`);
    }
    expect(unknown).toEqual([]);
  });

  it('names every npm script that it uses', async () => {
    const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as { scripts: Record<string, string> };
    for (const { text } of await markdown()) {
      for (const [, script = ''] of text.matchAll(/`npm run ([a-z:]+)/g)) expect(Object.keys(scripts)).toContain(script);
    }
  });

  it('shows the table of rooms as the lint rule has it', async () => {
    const text = await readFile(join('docs', 'architecture.md'), 'utf8');
    const documented = [...text.matchAll(/^\| `((?:libs|apps)\/\w+)` \| .* \|(.*)\|$/gm)].map(([, name = '', imports = '']) => ({
      name,
      mayImport: imports.split(',').map((room) => room.trim()).filter((room) => room !== '').sort(),
    }));
    // Everybody may import core: the page says so once.
    const ruled = rooms.map(({ name, mayImport }) => ({ name, mayImport: mayImport.filter((room) => room !== 'core').sort() }));
    const byName = (left: { name: string }, right: { name: string }): number => left.name.localeCompare(right.name);
    expect(documented.sort(byName)).toEqual(ruled.sort(byName));
    const folders = (await Promise.all(['apps', 'libs'].map(async (parent) => (await readdir(parent)).map((folder) => `${parent}/${folder}`)))).flat();
    expect(rooms.map(({ name }) => name).sort()).toEqual(folders.sort());
  });
});
