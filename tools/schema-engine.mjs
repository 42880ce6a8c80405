#!/usr/bin/env node
/**
 * Prisma's schema engine for Prisma's own CLI, out of WebAssembly: the CLI would download a native one, which is not
 * possible everywhere. It speaks the native engine's JSON-RPC, one message a line on stdin and stdout, and its two
 * sub-commands. `prisma.config.ts` names this file in `PRISMA_SCHEMA_ENGINE_BINARY`.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import { createDatabase, schemaAdapterFactory } from './schema-engine-adapter.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    datamodels: { type: 'string', multiple: true, default: [] },
    datasource: { type: 'string', default: '{}' },
    'enabled-preview-features': { type: 'string' },
    'extension-types': { type: 'string' },
  },
});
const datasource = JSON.parse(values.datasource);

if (positionals[0] === 'cli') await runSubCommand(positionals[1]);
else await serve();

/** `can-connect-to-database` and `create-database`: they answer by exit code, and with a log line on stderr. */
async function runSubCommand(command) {
  try {
    if (command === 'create-database') await createDatabase(datasource.url);
    else if (command !== 'can-connect-to-database') throw new Error(`The schema engine has no command "${command}".`);
    const adapter = await schemaAdapterFactory(datasource).connect();
    await adapter.executeScript('SELECT 1');
    await adapter.dispose();
  } catch (error) {
    const fields = { message: reasonOf(error), error_code: error.cause?.kind === 'DatabaseDoesNotExist' ? 'P1003' : 'P1001' };
    // The CLI passes over the first line.
    process.stderr.write(`\n${JSON.stringify({ level: 'ERROR', target: 'schema_engine::logger', fields })}\n`);
    process.exitCode = 1;
  }
}

async function serve() {
  const SchemaEngine = await loadEngine();
  const files = values.datamodels.map((path) => [path, readFileSync(path, 'utf8')]);
  const datamodels = files.length > 0 ? files : undefined;
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    if (request.method !== undefined) await answer(SchemaEngine, datamodels, request);
  }
}

async function answer(SchemaEngine, datamodels, { id, method, params }) {
  const factory = bindMigrationAwareSqlAdapterFactory(schemaAdapterFactory(datasource));
  try {
    // One engine a question: it makes a shadow database once only.
    const engine = await SchemaEngine.new({ datamodels }, () => undefined, factory);
    const result = await call(engine, method, params);
    if (method === 'diff' && typeof result.stdout === 'string') {
      send({ id: 0, method: 'print', params: { content: result.stdout.replace(/\n$/, '') } });
      result.stdout = null;
    }
    send({ id, result: result ?? null });
  } catch (error) {
    const data = { is_panic: false, message: reasonOf(originOf(error, factory.errorRegistry)), error_code: error.code, meta: error.meta };
    send({ id, error: { code: 4466, message: 'The schema engine refused.', data } });
  }
}

/** An error of the adapter passes through WebAssembly as a number. */
function originOf(error, errors) {
  const number = /^External error id#(\d+)/.exec(error.message)?.[1];
  return number === undefined ? error : (errors.consumeError(Number(number))?.error ?? error);
}

function call(engine, method, params) {
  if (method === 'getDatabaseVersion') return engine.version(params);
  if (method === 'createDatabase') return createDatabase(datasource.url).then((databaseName) => ({ databaseName }));
  if (method === 'evaluateDataLoss') return evaluateDataLoss(engine, params);
  if (method === 'createMigration') return createMigration(engine, params);
  if (typeof engine[method] !== 'function') throw new Error(`The schema engine has no method "${method}".`);
  return engine[method](params);
}

/**
 * The engine's own `evaluateDataLoss` and `createMigration` want a shadow database in a way that WebAssembly does not
 * offer; a diff does the same. It has no opinion on what a change loses: read the migration before you commit it.
 */
async function evaluateDataLoss(engine, params) {
  const { exitCode } = await diffToSchema(engine, params);
  return { migrationSteps: exitCode === 0 ? 0 : 1, unexecutableSteps: [], warnings: [] };
}

async function createMigration(engine, params) {
  const { exitCode, stdout } = await diffToSchema(engine, params);
  const instant = new Date().toISOString().replace(/\D/g, '').slice(0, 14);
  const unchanged = exitCode === 0 && !params.draft;
  return {
    connectorType: 'postgresql',
    generatedMigrationName: `${instant}_${params.migrationName || 'change'}`,
    migrationScript: unchanged ? null : (stdout ?? ''),
    extension: 'sql',
  };
}

function diffToSchema(engine, { migrationsList, schema, filters }) {
  const from = { tag: 'migrations', ...migrationsList };
  return engine.diff({ from, to: { tag: 'schemaDatamodel', ...schema }, script: true, exitCode: true, filters });
}

function reasonOf(error) {
  return error.cause?.originalMessage ?? error.message ?? String(error);
}

function send(message) {
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
}

/** The package imports its .wasm as a module, which Node warns about: it is instantiated by hand instead. */
async function loadEngine() {
  // A panic ends WebAssembly for good and settles no promise: the CLI knows this exit code from the native engine.
  globalThis.PRISMA_WASM_PANIC_REGISTRY = {
    set_message: (message) => {
      process.stderr.write(`${JSON.stringify({ level: 'ERROR', target: 'schema_engine', fields: { message } })}\n`);
      process.exit(101);
    },
  };
  const bindings = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const file = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg').replace(/\.js$/, '.wasm');
  const { instance } = await WebAssembly.instantiate(readFileSync(file), { './schema_engine_bg.js': bindings });
  bindings.__wbg_set_wasm(instance.exports);
  instance.exports.__wbindgen_start();
  return bindings.SchemaEngine;
}
