import { IDENTIFIER_BITS } from './model/identifiers.ts';

/**
 * How many members stand in the chain to the one that is closest to a random place, by calculation: a Markov chain over the bits that the member
 * asked last has in common with the place. It shares no code and no random numbers with the model of the network.
 *
 * With N uniform ids, the members closer to the place than one that shares c bits with it (its bucket for the place) are M ~ Poisson(N / 2^(c+1)).
 * It knows all of them when M <= k, and k random ones otherwise, so the closest is not among those that it names with probability
 *
 *     q(c) = E[max(0, 1 - k/M)]
 *
 * Then the chain goes on with the best that it named: of k ids, each of which agrees with the place in a further bit with probability 1/2, the best
 * agrees in g more with probability p(g) = (1 - 2^-(g+1))^k - (1 - 2^-g)^k, behind the one bit that makes the bucket. So
 *
 *     T(c) = 1 + q(c) * sum over g of p(g) T(c + 1 + g),    H = sum over c of 2^-(c+1) T(c)
 *
 * because the asker itself shares c bits with a random place with probability 2^-(c+1). One step gains 1 + sum over g >= 1 of (1 - (1 - 2^-g)^k) bits, which
 * is 1/2 + H_k / ln 2 to three digits from k = 8 on (H_k: the k-th harmonic number): 5.69 for k = 20. Maymounkov and Mazières (2002) bound the steps by
 * ceil(log2 N), one bit a step; Cai and Devroye (2013) show that their number is log(N) times a constant that depends on k alone, as it is here.
 *
 * @param asked members whose answers each step can choose from: 1 is the greedy chain; as many as are asked at once is the least that parallel paths
 * can need, as if all of them were as close as the best
 */
export function expectedHops(nodes: number, bucketSize: number, asked = 1): number {
  const steps = new Float64Array(IDENTIFIER_BITS + 1).fill(1);
  const gains = gainProbabilities(bucketSize * asked);
  for (let shared = IDENTIFIER_BITS - 1; shared >= 0; shared -= 1) {
    let onwards = 0;
    for (const [gain, probability] of gains.entries()) onwards += probability * (steps[Math.min(IDENTIFIER_BITS, shared + 1 + gain)] ?? 1);
    steps[shared] = 1 + unknownProbability(nodes / 2 ** (shared + 1), bucketSize, asked) * onwards;
  }
  return firstStep(nodes, bucketSize, steps);
}

/** Bits that one step gains when each member named is one of `bucketSize` random ones. */
export function bitsPerHop(bucketSize: number): number {
  return 1 + gainProbabilities(bucketSize).reduce((sum, probability, gain) => sum + gain * probability, 0);
}

/** The asker answers from its own table alone, however many it asks afterwards. */
function firstStep(nodes: number, bucketSize: number, steps: Float64Array): number {
  const gains = gainProbabilities(bucketSize);
  let hops = 0;
  for (let shared = 0; shared < IDENTIFIER_BITS; shared += 1) {
    let onwards = 0;
    for (const [gain, probability] of gains.entries()) onwards += probability * (steps[Math.min(IDENTIFIER_BITS, shared + 1 + gain)] ?? 1);
    hops += 2 ** -(shared + 1) * (1 + unknownProbability(nodes / 2 ** (shared + 1), bucketSize, 1) * onwards);
  }
  return hops;
}

/** p(g): how many more bits the best of so many random ids has in common with a place. */
function gainProbabilities(ids: number): number[] {
  return Array.from({ length: IDENTIFIER_BITS }, (_, gain) => (1 - 2 ** -(gain + 1)) ** ids - (1 - 2 ** -gain) ** ids);
}

/** Above this mean the number of members in a bucket varies so little that its mean stands for it. */
const LARGE_MEAN = 600;

/** q(c): the probability that the closest of M ~ Poisson(mean) members is with none of the `asked` who know `bucketSize` of them each. */
function unknownProbability(mean: number, bucketSize: number, asked: number): number {
  const unknown = (members: number): number => (members <= bucketSize ? 0 : (1 - bucketSize / members) ** asked);
  if (mean > LARGE_MEAN) return unknown(mean);
  let probability = Math.exp(-mean);
  let sum = 0;
  for (let members = 1; members < mean + 10 * Math.sqrt(mean) + 50; members += 1) {
    probability *= mean / members;
    sum += probability * unknown(members);
  }
  return sum;
}
