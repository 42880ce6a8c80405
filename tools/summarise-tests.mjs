/**
 * Adds up jest's result files and the checks before them, and prints the one closing line "N passed, N failed, N skipped".
 * A result file that is missing counts as a failure: a run that died has not passed.
 */
import { existsSync, readFileSync } from 'node:fs';

const total = { passed: 0, failed: 0, skipped: 0 };
for (const path of process.argv.slice(2)) {
  if (!existsSync(path)) {
    total.failed += 1;
    process.stderr.write('A test run left no result: it did not finish.\n');
    continue;
  }
  const result = JSON.parse(readFileSync(path, 'utf8'));
  total.passed += result.numPassedTests;
  total.failed += result.numFailedTests + result.numRuntimeErrorTestSuites;
  total.skipped += result.numPendingTests;
}
process.stdout.write(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}\n`);
process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1);
