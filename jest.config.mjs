import { swcOptions } from './tools/swc-options.mjs';

/** Which tests are run: those of every run, or by `--long` and `--soak` of tools/jest.mjs those alone that bear the word in their names. */
const kind = process.env.CARECORD_TEST_KIND;

/** `npm run jest -- libs/crypto` runs a part; whole-system tests in `test/` start real processes. */
export default {
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { ...swcOptions, swcrc: false }] },
  testMatch: [`<rootDir>/{apps,libs,test,tools}/**/*${kind === undefined ? '' : `.${kind}`}.test.ts`],
  testPathIgnorePatterns: ['/node_modules/', '/dist/', ...(kind === undefined ? ['\\.(long|soak)\\.test\\.ts$'] : [])],
  modulePathIgnorePatterns: ['/dist/'],
  globalSetup: './tools/jest-global-setup.mjs',
  globalTeardown: './tools/jest-global-teardown.mjs',
  maxWorkers: 2,
  // Modules of a finished test file stay in memory: a worker of three gibibytes spends its time on collecting them.
  workerIdleMemoryLimit: '1GB',
  testTimeout: 30_000,
};
