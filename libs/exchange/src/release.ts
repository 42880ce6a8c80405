import { canonicalJsonBytes, later } from '@carecord/core';
import { RESOURCE_TYPES } from '@carecord/consent';
import type { Decision } from '@carecord/consent';
import type { PurposeOfUse } from '@carecord/fhir';
import type { GeneralJws } from '@carecord/crypto';
import type { ResolvedDid } from '@carecord/identity';
import type { HolderDependencies } from './dependencies.ts';
import { issueGrant } from './grant.ts';
import { GRANT_LIFETIME_MILLISECONDS, MAX_NAMED_POLICIES, MAX_POLICIES_CHARACTERS } from './limits.ts';
import type { StoredGrant } from './ports.ts';
import { NotAvailable } from './refusal.ts';

/** What a decision is made about. */
export interface ReleaseQuestion {
  readonly requestId: string;
  readonly requester: string;
  readonly role: string;
  readonly purpose: PurposeOfUse;
  readonly resourceTypes?: readonly string[];
}

/** A decision that permits or refers, and what it was made from. */
export interface ReleasePlan {
  readonly patientId: string;
  readonly decision: Decision;
  /** How often the patient's grants had been revoked before the consents were read. */
  readonly revocations: number;
}

/** A grant, signed and as it is to be stored. */
export interface PreparedGrant {
  readonly jws: GeneralJws;
  readonly stored: StoredGrant;
}

/** Decides by the patient's consents of this moment, and makes grants of what was decided. Writes nothing. */
export class ReleasePlanner {
  constructor(
    private readonly dependencies: Pick<HolderDependencies, 'clock' | 'consent' | 'grants' | 'local' | 'logger' | 'records'>,
  ) {}

  /**
   * @throws NotAvailable when nothing may be released, with the decision's reason
   */
  async plan(question: ReleaseQuestion, patientId: string): Promise<ReleasePlan> {
    const { clock, consent, grants, logger, records } = this.dependencies;
    // Before the consents: a consent withdrawn from here on is noticed when the grant is stored.
    const revocations = await grants.revocations(patientId);
    const { requester, role, purpose } = question;
    const consents = await records.consents(patientId);
    // Who asks for all asks for every type that there is: so a denial takes no longer the more a patient's record holds.
    const resourceTypes = question.resourceTypes ?? RESOURCE_TYPES;
    const decision = consent.decide({ requester, role, purpose, resourceTypes, consents, now: clock.now() });
    // The asker sees a refusal as any other; only this line tells the operator why everything is denied.
    if (decision.reason === 'EVALUATION_ERROR') logger.error('consent-evaluation-failed', { requestId: question.requestId }, decision.error);
    if (decision.outcome === 'deny') {
      throw new NotAvailable(decision.reason, patientId, { ...decisionDetail(decision), listing: await records.patientListing(patientId) });
    }
    return { patientId, decision, revocations };
  }

  /**
   * @param types what may be released: at once, or after a person agreed
   * @param recipient the asking hospital as proven on a connection
   */
  async grant(question: ReleaseQuestion, plan: ReleasePlan, types: readonly string[], recipient: ResolvedDid): Promise<PreparedGrant> {
    const { clock, local, records } = this.dependencies;
    const { requestId, purpose } = question;
    const [versions, manifest] = await Promise.all([
      records.releasable(plan.patientId, { resourceTypes: types }),
      records.manifest(plan.patientId),
    ]);
    const issuedAt = clock.now();
    const expiresAt = later(issuedAt, GRANT_LIFETIME_MILLISECONDS);
    const holder = { did: local.resolved, signer: local.signer };
    const { terms, jws } = await issueGrant({ requestId, purpose, holder, recipient, versions, manifest: manifest.contentId, issuedAt, expiresAt });
    const contentIds = [...new Set(terms.versions.map((version) => version.contentId))];
    const stored = {
      grantId: terms.grantId,
      requestId,
      patientId: plan.patientId,
      recipient: recipient.did,
      contentIds,
      jws: canonicalJsonBytes(jws),
      issuedAt,
      expiresAt,
    };
    return { jws, stored };
  }
}

/** What a log entry says about a decision: which policies led to it, as far as they fit; `policyCount` says how many there were. */
export function decisionDetail(decision: Decision): Readonly<Record<string, string | number | boolean>> {
  const named = decision.policies.slice(0, MAX_NAMED_POLICIES).join(' ').slice(0, MAX_POLICIES_CHARACTERS);
  return { policyCount: decision.policies.length, partial: decision.partial, ...(named === '' ? {} : { policies: named }) };
}
