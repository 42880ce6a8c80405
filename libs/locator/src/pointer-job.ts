import type { PointerKey, PointerState, StoredPointer } from './ports.ts';
import type { PointerSubject } from './pointer-writer.ts';

/** One pointer, and what is to become of it. */
export interface PointerJob {
  readonly key: PointerKey;
  readonly sealedRecipient: Uint8Array;
  readonly subject: PointerSubject;
  /** `pointer` and `dummy` are written or renewed; `withdrawn` is taken back wherever it may stand. */
  readonly wanted: 'pointer' | 'dummy' | 'withdrawn';
  /** What is known of it so far. */
  readonly before: StoredPointer | undefined;
  /** Until when the pointer may say what it says. */
  readonly until?: Date | undefined;
}

/** How a job ended. */
export interface PointerResult {
  readonly job: PointerJob;
  /** How the pointer stands now; `undefined` when that is not known, or its tag is gone. */
  readonly state: PointerState | undefined;
  readonly error?: unknown;
}

/** Names a pointer within a process. */
export function pointerName({ patientId, inputToken, epoch, recipientToken }: PointerKey): string {
  return `${patientId} ${hex(inputToken)} ${epoch} ${hex(recipientToken)}`;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
