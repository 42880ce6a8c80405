/** A hospital that made a root key every hour would need a century to come near it. */
export const MAX_ROOT_KEY_NUMBER = 999_999;

/** The id of a root key: its number counts up from 1 and is never used again. */
export function rootKeyIdOf(number: number): string {
  return `root-${number}`;
}

/** The number in the id of a root key; undefined when the text is no such id. */
export function rootKeyNumberOf(rootKeyId: string): number | undefined {
  const number = /^root-([1-9][0-9]{0,5})$/.exec(rootKeyId)?.[1];
  return number === undefined ? undefined : Number(number);
}
