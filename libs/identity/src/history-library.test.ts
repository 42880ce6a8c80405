import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';

/** Jest has a module registry of its own, so Node itself is asked. */
const SCRIPT = `
  import { historyResolver } from './libs/identity/src/history-library.ts';
  const first = historyResolver();
  const same = Array.from({ length: 255 }, () => historyResolver()).every((resolver) => resolver === first);
  process.stdout.write(JSON.stringify({ same, renewed: historyResolver() !== first }));
`;

describe('the library that verifies histories', () => {
  it('is loaded anew after a number of them, so that what it remembers is bounded', () => {
    const { stdout } = spawnSync(process.execPath, ['--import', './tools/swc.mjs', '--input-type=module', '--eval', SCRIPT], { encoding: 'utf8' });
    expect(JSON.parse(stdout)).toEqual({ same: true, renewed: true });
  });
});
