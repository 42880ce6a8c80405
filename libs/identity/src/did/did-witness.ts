import { IdentityError } from '../identity-error.ts';
import { claimedProver, provenBy } from './data-integrity.ts';
import { formatHistory, historyInvalid, parseHistory, versionNumberOf } from './did-entries.ts';
import type { DidEntry, DidHistory, ParsedHistory, WitnessProof } from './did-entries.ts';
import type { WitnessRule } from './did-policy.ts';

/** A witness's newest proof that verifies: it speaks for that version and all before it (did:webvh 1.0, "DID Witnesses"). */
interface Approval {
  readonly versionNumber: number;
  readonly proof: WitnessProof;
}

/** The newest valid approval of each witness, by its did:key; what does not verify, or is of no version of this history, counts for nothing. */
export function approvalsOf({ entries, witnessProofs }: Pick<ParsedHistory, 'entries' | 'witnessProofs'>): ReadonlyMap<string, Approval> {
  const numbers = new Map(entries.map(({ versionId }, at) => [versionId, at + 1]));
  const newestFirst = witnessProofs
    .flatMap(({ versionId, proof }) => proof.map((one) => ({ versionId, versionNumber: numbers.get(versionId) ?? 0, one })))
    .filter(({ versionNumber }) => versionNumber > 0)
    .sort((a, b) => b.versionNumber - a.versionNumber);
  const approvals = new Map<string, Approval>();
  for (const { versionId, versionNumber, one } of newestFirst) {
    const witness = claimedProver(one);
    // Each signature costs something: older ones of a witness who approved a newer version are not looked at.
    if (approvals.has(witness) || provenBy({ versionId }, one) !== witness) continue;
    approvals.set(witness, { versionNumber, proof: { versionId, proof: [one] } });
  }
  return approvals;
}

/**
 * The rule in force for each entry: a new rule counts from the next entry on, and in the entry that is the first to have one.
 * @throws Error for a rule that names a witness twice, or asks for more than it names
 */
export function rulesOf(entries: readonly DidEntry[]): readonly (WitnessRule | undefined)[] {
  let inForce: WitnessRule | undefined;
  return entries.map(({ parameters }) => {
    const before = inForce;
    if ('witness' in parameters) inForce = ruleOf(parameters.witness);
    return before ?? inForce;
  });
}

/** The rule that the next entry comes under. */
export function lastRuleOf(entries: readonly DidEntry[]): WitnessRule | undefined {
  const newest = entries.findLast(({ parameters }) => 'witness' in parameters);
  return newest && ruleOf(newest.parameters.witness);
}

/**
 * Checks that the rule of every entry is kept, and that of the policy for the last one.
 * @throws IdentityError `DID_WITNESSES_MISSING`; Error for a rule that is none
 */
export function verifyWitnesses(entries: readonly DidEntry[], approvals: ReadonlyMap<string, Approval>, demanded: WitnessRule | undefined): void {
  rulesOf(entries).forEach((rule, at) => checkRule(rule, approvals, at + 1));
  checkRule(demanded, approvals, entries.length);
}

/**
 * Adds witnesses' proofs to a history, of each witness the newest.
 * @throws IdentityError `DID_LOG_INVALID` when a proof does not verify or is of no version of this history
 */
export function addWitnessProofs(history: DidHistory, proofs: readonly WitnessProof[]): DidHistory {
  const parsed = parseHistory(history);
  const added = proofs.flatMap(({ versionId, proof }) => proof.map((one) => ({ versionId, proof: [one] })));
  for (const proof of added) {
    if (approvalsOf({ entries: parsed.entries, witnessProofs: [proof] }).size === 0) throw historyInvalid(new Error('A witness proof is of another history.'));
  }
  return formatHistory({ cosigned: parsed.cosigned, witnessProofs: newestProofs({ entries: parsed.entries, witnessProofs: [...parsed.witnessProofs, ...added] }) });
}

/** Of each witness the newest proof that verifies, those of one version together, in the versions' order. */
function newestProofs(parsed: Pick<ParsedHistory, 'entries' | 'witnessProofs'>): readonly WitnessProof[] {
  const byVersion = Map.groupBy(approvalsOf(parsed).values(), ({ proof }) => proof.versionId);
  return [...byVersion]
    .map(([versionId, approvals]) => ({ versionId, proof: approvals.flatMap(({ proof }) => proof.proof) }))
    .sort((a, b) => versionNumberOf(a.versionId) - versionNumberOf(b.versionId));
}

function ruleOf(witness: DidEntry['parameters']['witness']): WitnessRule | undefined {
  if (!witness || !('witnesses' in witness)) return undefined;
  const witnesses = witness.witnesses.map(({ id }) => id);
  if (new Set(witnesses).size < witnesses.length) throw new Error('A witness is named twice.');
  if (witness.threshold > witnesses.length) throw new Error('More witnesses are asked for than are named.');
  return { threshold: witness.threshold, witnesses };
}

function checkRule(rule: WitnessRule | undefined, approvals: ReadonlyMap<string, Approval>, versionNumber: number): void {
  if (rule === undefined) return;
  const approving = new Set(rule.witnesses.filter((witness) => (approvals.get(witness)?.versionNumber ?? 0) >= versionNumber));
  if (approving.size < rule.threshold) throw new IdentityError('DID_WITNESSES_MISSING', 'Too few witnesses have seen a version of a DID.');
}
