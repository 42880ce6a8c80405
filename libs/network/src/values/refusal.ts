import { NetworkError } from '../network-error.ts';

/** Whether an error says that a value must not be in the DHT; everything else is a failure of ours. */
export function isRefusal(error: unknown): error is NetworkError {
  return error instanceof NetworkError && error.code === 'VALUE_REFUSED';
}
