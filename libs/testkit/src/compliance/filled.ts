/** Bytes that can be told from others at a glance: a hash, a token or a ciphertext of a test. */
export function filled(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}
