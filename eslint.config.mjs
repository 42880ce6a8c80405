import eslint from '@eslint/js';
import tseslint from 'typescript-eslint';
import { rooms } from './tools/rooms.mjs';

/** Only what the room may import from our own packages; see docs/architecture.md, "Rooms". */
function importRule(room) {
  const others = [room.name.split('/')[1], ...room.mayImport];
  const allowed = `(?!(?:${others.join('|')})$)`;
  return {
    patterns: [
      { regex: `^@carecord/${allowed}`, message: `${room.name} may not import this room: see docs/architecture.md.` },
      { regex: '^@carecord/[^/]+/', message: "A lib's index.ts is its whole public face: no deep imports." },
      { regex: '(^|/)(apps|libs)/', message: 'Import another room by its package name.' },
      ...(room.name === 'libs/storage' ? [] : [{ regex: '^(@prisma/|prisma$|pg$)', message: 'Only libs/storage knows Prisma and PostgreSQL.' }]),
      ...(room.name.startsWith('libs/') ? [{ regex: '^(@nestjs/|express$|(node:)?https?$)', message: 'A lib knows no NestJS and no HTTP server.' }] : []),
    ],
  };
}

export default tseslint.config(
  { ignores: ['**/node_modules/', '**/dist/', '**/generated/', '.carecord/', 'coverage/'] },
  eslint.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/no-restricted-imports': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-extraneous-class': ['error', { allowWithDecorator: true, allowEmpty: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      'no-console': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
        { selector: 'ExportAllDeclaration', message: 'Name what is exported.' },
        {
          selector: "MemberExpression[object.name='process'][property.name='env']",
          message: 'The environment is read in one place: the configuration of the app.',
        },
      ],
    },
  },
  ...rooms.map((room) => ({
    files: [`${room.name}/src/**/*.ts`],
    ignores: ['**/*.test.ts', '**/*.fixture.ts', '**/*.bench.ts'],
    rules: { '@typescript-eslint/no-restricted-imports': ['error', importRule(room)] },
  })),
  {
    files: ['apps/*/src/main.ts', 'apps/cli/src/commands/*.ts', 'tools/**', 'test/**', '**/*.test.ts', 'libs/testkit/src/database.ts', 'prisma.config.ts'],
    rules: { 'no-restricted-syntax': 'off', 'no-console': 'off' },
  },
  {
    // Code-first resolvers return plain objects of their GraphQL classes, as NestJS means it.
    files: ['apps/node/src/**/*.ts'],
    rules: { '@typescript-eslint/no-unsafe-class-instance-assignment': 'off' },
  },
  {
    files: ['**/*.mjs'],
    ...tseslint.configs.disableTypeChecked,
    languageOptions: {
      ...tseslint.configs.disableTypeChecked.languageOptions,
      globals: { process: 'readonly', console: 'readonly', URL: 'readonly', Buffer: 'readonly', setTimeout: 'readonly', WebAssembly: 'readonly' },
    },
    rules: { ...tseslint.configs.disableTypeChecked.rules, 'no-console': 'off', 'no-restricted-syntax': 'off', '@typescript-eslint/explicit-module-boundary-types': 'off' },
  },
);
