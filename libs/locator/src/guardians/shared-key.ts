import { toBase64Url, toHex } from '@carecord/core';
import type { Dealing } from './dealing.ts';
import { dealingHash } from './echo.ts';
import type { Echo } from './echo.ts';
import { decodeElement, decodeScalar, encodeScalar, evaluateCommitments, lagrange, product, sum, sumScalars, timesPublic } from './group.ts';
import type { Element } from './group.ts';
import { statementPayload } from './key-statement.ts';
import type { KeyTarget } from './key-target.ts';

/** What a dealer dealt to one guardian; checked. */
export interface ReceivedDealing {
  /** The dealer's index. */
  readonly index: number;
  readonly dealing: Dealing;
  readonly share: Uint8Array;
}

/**
 * What each dealing counts for: 1 in a new key (Pedersen 1991: the key is the sum of what all dealt), a Lagrange coefficient where
 * shares of a key are dealt anew (Desmedt and Jajodia 1997), so that the key stays the same.
 */
function weightsOf(target: KeyTarget, indices: readonly number[]): readonly bigint[] {
  return indices.map((index) => (target.former === undefined ? 1n : lagrange(index, indices)));
}

/** One guardian's share of the key. */
export function combineShares(target: KeyTarget, received: readonly ReceivedDealing[]): Uint8Array {
  const weights = weightsOf(target, received.map(({ index }) => index));
  return encodeScalar(sumScalars(received.map(({ share }, at) => product(weights[at] as bigint, decodeScalar(share)))));
}

/**
 * The payload of the statement about the key: everybody who received the same dealings makes the same.
 * @param from since when the key counts, in milliseconds since 1970
 */
export function sharedKeyPayload(target: KeyTarget, networkId: string, received: readonly Omit<ReceivedDealing, 'share'>[], from: number): string {
  const { epoch, version, receivers, threshold } = target;
  const weights = weightsOf(target, received.map(({ index }) => index));
  const commitments = received.map(({ dealing }) => dealing.commitments.map(decodeElement));
  const total = Array.from({ length: threshold }, (_, degree) => sum(commitments.map((each, at) => timesPublic(each[degree] as Element, weights[at] as bigint))));
  return statementPayload({
    networkId,
    epoch,
    version,
    guardians: [...receivers],
    threshold,
    publicKey: toBase64Url((total[0] as Element).toBytes()),
    publicShares: receivers.map((_, at) => toBase64Url(evaluateCommitments(total, at + 1).toBytes())),
    from,
  });
}

/** What is signed to show all others what was received. */
export function echoOf(target: KeyTarget, networkId: string, attempt: number, received: readonly Omit<ReceivedDealing, 'share'>[], from: number): Echo {
  const { epoch, version, digest, dealers } = target;
  const dealings = received.map(({ index, dealing }) => ({ dealer: dealers[index - 1] as string, commitments: dealingHash(dealing) }));
  return { networkId, epoch, version, attempt, target: toHex(digest), from, dealings };
}
