import { InvalidArgumentError } from 'commander';

/** A whole number. @throws InvalidArgumentError */
export function wholeNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

/** A parser of whole numbers within bounds; it throws InvalidArgumentError for anything else. */
export function wholeNumberBetween(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= least && value <= most)) throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
    return value;
  };
}

/** A parser of decimal numbers within bounds; it throws InvalidArgumentError for anything else. */
export function numberBetween(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}(?:\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
    if (!(value >= least && value <= most)) throw new InvalidArgumentError(`It must be a number from ${least} to ${most}.`);
    return value;
  };
}

/** A percentage, as a share from 0 to 1. @throws InvalidArgumentError */
export function shareOfHundred(text: string): number {
  return numberBetween(0, 100)(text) / 100;
}

/** Sizes of networks with a comma between them: a node takes 13 MB, and a network in one process is of no use with fewer than three. @throws InvalidArgumentError */
export function networkSizes(text: string): number[] {
  return text.split(',').map((size) => wholeNumberBetween(3, 256)(size.trim()));
}

/** For an option that may be given several times. */
export function collect(text: string, others?: readonly string[]): string[] {
  return [...(others ?? []), text];
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
