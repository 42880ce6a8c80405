import { InvalidArgumentError } from 'commander';

/** A whole number. @throws InvalidArgumentError */
export function wholeNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** The address of a node. @throws InvalidArgumentError */
export function nodeAddress(text: string): string {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) throw new InvalidArgumentError('It must be an address such as https://authority-1.fi.');
  return text;
}

/** A reason as the audit log takes it. @throws InvalidArgumentError */
export function reasonCode(text: string): string {
  if (!/^[A-Z][A-Z_]{2,63}$/.test(text)) throw new InvalidArgumentError('It must be a code of capital letters and _, such as KEYS_STOLEN.');
  return text;
}
