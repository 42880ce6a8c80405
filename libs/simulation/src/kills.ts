import { RetrievalModel } from './measures/retrieval.ts';
import { drawPoint } from './model/identifiers.ts';
import { LookupModel } from './model/lookup.ts';
import { buildNetwork, leavingShare, withDead } from './model/network-model.ts';
import type { NetworkModel } from './model/network-model.ts';
import { Random } from './model/random.ts';
import type { Parameters } from './parameters.ts';
import { drawAsker } from './simulate.ts';

/** Replications that are compared: those that a network may have, from the least to the most. */
export const COMPARED_REPLICATIONS = [3, 5, 8, 12] as const;
/** Shares of the nodes that are killed at once. */
export const KILLED_SHARES = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7] as const;

/** What was still to be read after a part of the nodes had died at once. */
export interface KillResult {
  readonly deadShare: number;
  /** For each of {@link COMPARED_REPLICATIONS}: the share of the values that were read. */
  readonly found: readonly number[];
  /** For each of them: what there is to be found by calculation, `1 - lost^replication`, where `lost` are those that have left, died, or do not answer well. */
  readonly expected: readonly number[];
}

/** Kills ever more nodes at once, and reads values before anybody has repaired anything. */
export function simulateKills(parameters: Parameters, onProgress: (share: number) => void = () => undefined): KillResult[] {
  const network = buildNetwork({ ...parameters, deadShare: 0 });
  return KILLED_SHARES.map((deadShare, at) => {
    const found = readAfterKill(withDead(network, deadShare));
    onProgress((at + 1) / KILLED_SHARES.length);
    const lost = 1 - (1 - deadShare) * (1 - leavingShare(parameters)) * (1 - parameters.maliciousShare - parameters.blackHoledShare);
    return { deadShare, found, expected: COMPARED_REPLICATIONS.map((replication) => 1 - lost ** replication) };
  });
}

/** One lookup serves all replications: it does not depend on them. */
function readAfterKill(network: NetworkModel): number[] {
  const { lookups, seed } = network.parameters;
  const random = new Random(seed, 'lookups');
  const model = new LookupModel(network, new Random(seed, 'messages'));
  const retrieval = new RetrievalModel(network, new Random(seed, 'reading'));
  const found = COMPARED_REPLICATIONS.map(() => 0);
  for (let at = 0; at < lookups; at += 1) {
    const asker = drawAsker(network, random);
    if (asker === undefined) break;
    const place = drawPoint(random);
    const { contacts } = model.run(asker, place);
    for (const [which, replication] of COMPARED_REPLICATIONS.entries()) {
      if (retrieval.read(asker, contacts, retrieval.holders(place, replication), replication).found) found[which] = (found[which] ?? 0) + 1;
    }
  }
  return found.map((count) => count / lookups);
}
