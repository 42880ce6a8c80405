/** How `lpStream` says that a frame, or what came after it, is larger than it may be. */
const TOO_LARGE = ['InvalidDataLengthError', 'InvalidDataLengthLengthError', 'StreamBufferError'];

/** Whether a frame was refused for its size. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof Error && TOO_LARGE.includes(error.name);
}

/** Whether a stream ended in the middle of a frame, in good order: the other side has sent what it wanted to send. */
export function isTruncated(error: unknown): boolean {
  return error instanceof Error && error.name === 'UnexpectedEOFError';
}
