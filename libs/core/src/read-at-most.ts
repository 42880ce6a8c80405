/**
 * Reads a body whose sender decides how long it is: an HTTP request or answer.
 * @returns its bytes; undefined as soon as there are more than allowed, with the reading ended
 */
export async function readAtMost(maxBytes: number, body: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) return undefined;
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
