/**
 * Lets Node run the repository's TypeScript directly: import this file first (`node --import ./tools/swc.mjs x.ts`).
 * It compiles each `.ts` file with SWC the first time that it is loaded and resolves our packages to their sources. What SWC and
 * V8 make of a file is kept in `node_modules/.cache/carecord`: a node starts in two thirds of the time, and tests start hundreds.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire, enableCompileCache, registerHooks } from 'node:module';
import { fileURLToPath } from 'node:url';
import { swcOptions } from './swc-options.mjs';

const cache = fileURLToPath(new URL('../node_modules/.cache/carecord/', import.meta.url));
const require = createRequire(import.meta.url);
const compiler = JSON.stringify([require('@swc/core/package.json').version, swcOptions]);
/** Our own packages are the same for every file that imports them. */
const packages = new Map();

enableCompileCache(`${cache}v8`);
registerHooks({
  resolve: (specifier, context, nextResolve) => {
    if (isOwnFile(specifier, context)) return { url: new URL(specifier, context.parentURL).href, format: 'module', shortCircuit: true };
    const known = packages.get(specifier);
    if (known !== undefined) return known;
    const resolved = nextResolve(specifier, { ...context, conditions: ['source', ...(context.conditions ?? [])] });
    if (specifier.startsWith('@carecord/')) packages.set(specifier, { ...resolved, shortCircuit: true });
    return resolved;
  },
  load: (url, context, nextLoad) => {
    if (!url.startsWith('file:') || !url.endsWith('.ts')) return nextLoad(url, context);
    return { format: 'module', source: compiled(fileURLToPath(url)), shortCircuit: true };
  },
});

/** Whether an import names a file of ours by its path: nothing has to be looked up for it. */
function isOwnFile(specifier, { parentURL }) {
  return specifier.startsWith('.') && specifier.endsWith('.ts') && parentURL?.startsWith('file:') === true && !parentURL.includes('/node_modules/');
}

/** The JavaScript of a TypeScript file: from the cache when neither the file nor the compiler has changed. */
function compiled(filename) {
  const source = readFileSync(filename, 'utf8');
  const kept = `${cache}swc/${createHash('sha256').update(`${compiler}\0${filename}\0${source}`).digest('hex')}.js`;
  return readIfThere(kept) ?? keep(kept, compile(filename, source));
}

function compile(filename, source) {
  const { transformSync } = require('@swc/core');
  return transformSync(source, { ...swcOptions, filename, sourceMaps: 'inline', swcrc: false, configFile: false }).code;
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  }
}

/** Keeps what was compiled, where the folder may be written to: an installation may be read-only. */
function keep(path, code) {
  const partial = `${path}.${process.pid}`;
  try {
    mkdirSync(new URL('.', `file://${path}`), { recursive: true });
    writeFileSync(partial, code);
    renameSync(partial, path);
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS'].includes(error.code)) throw error;
  }
  return code;
}
