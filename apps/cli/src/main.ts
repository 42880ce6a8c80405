import { CarecordError } from '@carecord/core';
import { carecordProgram } from './program.ts';

try {
  await (await carecordProgram(process.argv.slice(2))).parseAsync();
} catch (failure) {
  // A mistake that we know is a sentence for the person; anything else is a defect and shows where.
  if (!(failure instanceof CarecordError)) throw failure;
  process.stderr.write(`${failure.message}\n`);
  process.exitCode = 1;
}
