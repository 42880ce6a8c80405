import { SeededRandom } from '../../../libs/testkit/src/patients/random.ts';
import { Mutator } from './mutator.ts';

/** How much of what was sent may still be in memory afterwards, for a hundred thousand frames as for ten: caches fill, and no more. */
export const MAX_GROWTH_BYTES = 48 * 1024 * 1024;
/** Frames that are at work at once: some handlers answer only after a while, so that a refusal takes as long as a release. */
const AT_ONCE = 128;
/** The longest that may be kept of a frame in a failure. */
const SHOWN_BYTES = 2_048;

/** What a frame led to, e.g. `answered` or a refusal's code. */
export type Outcome = string;

/** Something that frames are thrown at. */
export interface Target {
  readonly name: string;
  /** Frames that it takes. */
  readonly good: readonly Uint8Array[];
  /** Rejects only for what must not happen. */
  readonly feed: (frame: Uint8Array) => Promise<Outcome>;
  /** Called while frames wait, to let time pass. */
  readonly wait?: () => Promise<void>;
}

/** What came of the frames: how often each outcome. */
export type Outcomes = ReadonlyMap<Outcome, number>;

/**
 * Throws mutated frames at a target.
 * @throws Error with the seed, the number of the frame and its bytes, when the target does what it must not
 */
export async function fuzz(target: Target, seed: string, frames: number): Promise<Outcomes> {
  if (target.good.length === 0) throw new Error(`No good frame of "${target.name}" was seen: nothing can be made of it.`);
  const mutator = new Mutator(new SeededRandom(`${seed}/${target.name}`));
  const outcomes = new Map<Outcome, number>();
  const pending = new Set<Promise<void>>();
  const failures: Error[] = [];
  for (let at = 0; at < frames && failures.length === 0; at += 1) {
    const frame = mutator.mutate(target.good);
    const work = target
      .feed(frame)
      .then((outcome) => void outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1))
      .catch((cause: unknown) => void failures.push(failure(target.name, seed, at, frame, cause)))
      .finally(() => pending.delete(work));
    pending.add(work);
    if (pending.size >= AT_ONCE) await settle(pending, target);
  }
  while (pending.size > 0) await settle(pending, target);
  if (failures[0] !== undefined) throw failures[0];
  return outcomes;
}

/** Most are done after a turn of the event loop; for the others time passes. */
async function settle(pending: ReadonlySet<Promise<void>>, target: Target): Promise<void> {
  const turn = new Promise((resolve) => setImmediate(resolve, 'turn'));
  if ((await Promise.race([Promise.all(pending), turn])) !== 'turn') return;
  if (pending.size > 0) await target.wait?.();
}

function failure(name: string, seed: string, at: number, frame: Uint8Array, cause: unknown): Error {
  const shown = Buffer.from(frame.subarray(0, SHOWN_BYTES)).toString('hex');
  return new Error(`Frame ${at} of seed "${seed}" against ${name} did what it must not: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}\n${frame.length} bytes: ${shown}`, { cause });
}

/** The outcomes as text, the most frequent first. */
export function described(outcomes: Outcomes): string {
  const counts = [...outcomes].sort(([, one], [, other]) => other - one).map(([outcome, count]) => `${outcome} ${count}`);
  return counts.join(', ');
}

/** Bytes as text. */
export function mebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}
