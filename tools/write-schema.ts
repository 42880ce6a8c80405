/**
 * Writes the GraphQL schema of a node to docs/schema.graphql; with `--check` only compares and exits with 1 when the
 * committed file is not what the code says.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { buildSchemaSdl } from '@carecord/node';

const file = new URL('../docs/schema.graphql', import.meta.url);
const header = '# Written by "npm run schema" from the resolvers in apps/node: do not edit.\n\n';
const schema = header + (await buildSchemaSdl());

if (process.argv.includes('--check')) {
  if (committed() !== schema) {
    process.stderr.write('docs/schema.graphql is not what the code says: run "npm run schema" and commit it.\n');
    process.exitCode = 1;
  }
} else {
  writeFileSync(file, schema);
}

function committed(): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
