#!/usr/bin/env node
/** The `carecord` command: checks the runtime, then runs apps/cli/src/main.ts. */
const MINIMUM_NODE_MAJOR = 24;

if (Number(process.versions.node.split('.')[0]) < MINIMUM_NODE_MAJOR) {
  process.stderr.write(
    `carecord needs Node ${MINIMUM_NODE_MAJOR} or later and was started with ${process.versions.node}. ` +
      'Start it with "npx carecord" or "npm start": both use the Node that the project brings along.\n',
  );
  process.exit(1);
}
await import('../../../tools/swc.mjs');
await import('../src/main.ts');
