/**
 * Writes the GraphQL schemas of a hospital's and of an authority's node to docs/; with `--check` only compares and exits with
 * 1 when a committed file is not what the code says.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { buildSchemaSdl } from '@carecord/node';

const header = '# Written by "npm run schema" from the resolvers in apps/node: do not edit.\n\n';
const files = { hospital: 'schema.graphql', authority: 'authority.graphql' } as const;

for (const role of ['hospital', 'authority'] as const) {
  const file = new URL(`../docs/${files[role]}`, import.meta.url);
  const schema = header + (await buildSchemaSdl(role));
  if (!process.argv.includes('--check')) {
    writeFileSync(file, schema);
  } else if (committed(file) !== schema) {
    process.stderr.write(`docs/${files[role]} is not what the code says: run "npm run schema" and commit it.\n`);
    process.exitCode = 1;
  }
}

function committed(file: URL): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
