import { spawnSync } from 'node:child_process';
import { describe, expect, it } from '@jest/globals';

/** Jest has a module registry of its own, so Node itself is asked. */
const SCRIPT = `
  import { historyResolver } from './libs/identity/src/did/history-library.ts';
  const half = { entries: 1, length: 8 * 1024 * 1024 - 512 };
  const first = historyResolver(half);
  const same = historyResolver(half) === first;
  process.stdout.write(JSON.stringify({ same, renewed: historyResolver({ entries: 1, length: 1 }) !== first }));
`;

describe('the library that verifies histories', () => {
  it('is loaded anew after as many bytes, so that what it remembers is bounded', () => {
    const { stdout } = spawnSync(process.execPath, ['--import', './tools/swc.mjs', '--input-type=module', '--eval', SCRIPT], { encoding: 'utf8' });
    expect(JSON.parse(stdout)).toEqual({ same: true, renewed: true });
  });
});
