import { createRequire } from 'node:module';
import type * as HistoryLibrary from 'didwebvh-ts';

/**
 * didwebvh-ts 2.8 remembers every log entry that it hashes, in a map of its module without a limit: whoever may show us histories
 * could fill the memory. So its module is loaded anew after as many histories: at 64 KiB each, 16 MiB are remembered at the most.
 */
const HISTORIES_A_LOADING = 256;

let library = load();
let histories = 0;

/** The library's resolver, from a module whose memory is bounded. */
export function historyResolver(): typeof HistoryLibrary.resolveDIDFromLog {
  histories += 1;
  if (histories > HISTORIES_A_LOADING) {
    library = load();
    histories = 1;
  }
  return library.resolveDIDFromLog;
}

function load(): typeof HistoryLibrary {
  // A new require each time: it would keep every module that it ever loaded as its child.
  const require = createRequire(import.meta.url);
  // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- the cache is a plain object of Node's
  delete require.cache[require.resolve('didwebvh-ts')];
  return require('didwebvh-ts') as typeof HistoryLibrary;
}
