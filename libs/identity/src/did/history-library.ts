import { createRequire } from 'node:module';
import type * as HistoryLibrary from 'didwebvh-ts';

/**
 * didwebvh-ts 2.8 remembers every log entry that it hashes, in a map of its module without a limit: whoever may show us histories
 * could fill the memory. So its module is loaded anew, which takes a millisecond, once it has seen as much.
 */
const BYTES_A_LOADING = 16 * 1024 * 1024;
/** What an entry takes beside its text. */
const ENTRY_BYTES = 512;

let library = load();
let seen = 0;

/**
 * The library's resolver, from a module whose memory is bounded.
 * @param history what it will be given: its entries and the length of their text
 */
export function historyResolver(history: { readonly entries: number; readonly length: number }): typeof HistoryLibrary.resolveDIDFromLog {
  seen += history.length + history.entries * ENTRY_BYTES;
  if (seen > BYTES_A_LOADING) {
    library = load();
    seen = 0;
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
