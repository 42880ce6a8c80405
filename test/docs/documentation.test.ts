import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { buildSchema, parse, validate } from 'graphql';
import * as documents from '../../apps/cli/src/client/documents.ts';
import { variablesSchema } from '../../apps/node/src/config/variables.ts';
// The rooms are a plain script's table, so that the lint configuration can read it.
import { rooms } from '../../tools/rooms.mjs';

const markdown = async (): Promise<{ path: string; text: string }[]> => {
  const below = (await readdir('docs', { recursive: true })).filter((path) => path.endsWith('.md')).map((path) => join('docs', path));
  return Promise.all(['README.md', ...below].map(async (path) => ({ path, text: await readFile(path, 'utf8') })));
};
const fenced = (text: string, language: string): string[] => [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map((match) => match[1] ?? '');

describe('the documentation', () => {
  it('has no broken link to a file', async () => {
    const broken: string[] = [];
    for (const { path, text } of await markdown()) {
      for (const [, target = ''] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) if (!existsSync(join(dirname(path), target))) broken.push(`${path}: ${target}`);
    }
    expect(broken).toEqual([]);
  });

  it('names only tests and source files that exist', async () => {
    const missing: string[] = [];
    for (const { path, text } of await markdown()) {
      for (const [, target = ''] of text.matchAll(/`((?:apps|libs|test|tools|prisma)\/[A-Za-z0-9/._-]+\.[a-z]+)`/g)) if (!existsSync(target)) missing.push(`${path}: ${target}`);
    }
    expect(missing).toEqual([]);
  });

  it('shows GraphQL operations that the schema accepts', async () => {
    const schema = buildSchema(await readFile(join('docs', 'schema.graphql'), 'utf8'));
    const operations = fenced(await readFile(join('docs', 'graphql.md'), 'utf8'), 'graphql');
    expect(operations.length).toBeGreaterThan(8);
    for (const operation of [...operations, ...Object.values(documents)]) expect(validate(schema, parse(operation)).map(({ message }) => message)).toEqual([]);
    expect(validate(schema, parse('{ everyPatient { name } }'))).not.toEqual([]);
  });

  it('explains every variable of the configuration, and no other', async () => {
    const text = await readFile(join('docs', 'configuration.md'), 'utf8');
    const explained = new Set([...text.matchAll(/^\| (`[A-Z0-9_]+`(?:, `[A-Z0-9_]+`)*) \|/gm)].flatMap(([, names = '']) => names.replaceAll('`', '').split(', ')));
    expect([...explained].sort()).toEqual(Object.keys(variablesSchema.shape).sort());
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
