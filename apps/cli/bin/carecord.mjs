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
// Web Crypto's newest algorithms are "experimental" in Node 24: true, and nothing that a person at the command line can act on.
process.removeAllListeners('warning');
process.on('warning', (warning) => {
  if (warning.name !== 'ExperimentalWarning') process.stderr.write(`${warning.name}: ${warning.message}\n`);
});
await import('../../../tools/swc.mjs');
await import('../src/main.ts');
