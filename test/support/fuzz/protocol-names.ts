import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const PROTOCOL_NAME = /'(\/carecord\/[a-z0-9/-]+\/\d+)'/g;

/** The names of all protocols that stand in the code of the libs and apps, whoever serves them. */
export function protocolNames(): Set<string> {
  const names = new Set<string>();
  for (const folder of ['libs', 'apps']) {
    for (const path of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (!path.includes('/src/') || !path.endsWith('.ts') || /\.(test|fixture)\.ts$/.test(path) || path.includes('node_modules')) continue;
      for (const [, name = ''] of readFileSync(join(root, folder, path), 'utf8').matchAll(PROTOCOL_NAME)) names.add(name);
    }
  }
  return names;
}
