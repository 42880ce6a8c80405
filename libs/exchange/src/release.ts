import { canonicalJsonBytes, errorCodeOf, later, newId } from '@carecord/core';
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
    private readonly dependencies: Pick<HolderDependencies, 'clock' | 'consent' | 'grants' | 'identity' | 'logger' | 'records'>,
  ) {}

  /**
   * @param patientId undefined: unknown; the same is read and decided then, about nobody, so that the work does not tell it
   * @param nobodyReason why there is no patient, for the log
   * @throws NotAvailable when nothing may be released, with the decision's reason
   */
  async plan(question: ReleaseQuestion, patientId: string | undefined, nobodyReason = 'UNKNOWN_PATIENT'): Promise<ReleasePlan> {
    const { clock, consent, grants, logger, records } = this.dependencies;
    const subject = patientId ?? newId();
    const read = <Value>(reading: Promise<Value>, ofNobody: Value): Promise<Value> => (patientId === undefined ? orOfNobody(reading, ofNobody) : reading);
    // Before the consents: a consent withdrawn from here on is noticed when the grant is stored.
    const revocations = await grants.revocations(subject);
    const { requester, role, purpose } = question;
    const consents = await read(records.consents(subject), []);
    // Who asks for all asks for every type that there is: so a denial takes no longer the more a patient's record holds.
    const resourceTypes = question.resourceTypes ?? RESOURCE_TYPES;
    const decision = consent.decide({ requester, role, purpose, resourceTypes, consents, now: clock.now() });
    // The asker sees a refusal as any other; only this line tells the operator why everything is denied.
    if (decision.reason === 'EVALUATION_ERROR') logger.error('consent-evaluation-failed', { requestId: question.requestId }, decision.error);
    if (patientId === undefined || decision.outcome === 'deny') {
      const listing = await read(records.patientListing(subject), 'unlisted');
      if (patientId === undefined) throw new NotAvailable(nobodyReason);
      throw new NotAvailable(decision.reason, patientId, { ...decisionDetail(decision), listing });
    }
    return { patientId, decision, revocations };
  }

  /**
   * A grant lasts no longer than the consents that it rests on.
   * @param types what may be released: at once, or after a person agreed
   * @param recipient the asking hospital as it is known now
   * @throws NotAvailable when the consents ended meanwhile
   */
  async grant(question: ReleaseQuestion, plan: ReleasePlan, types: readonly string[], recipient: ResolvedDid): Promise<PreparedGrant> {
    const { clock, identity, records } = this.dependencies;
    const { requestId, purpose } = question;
    const [versions, manifest] = await Promise.all([
      records.releasable(plan.patientId, { resourceTypes: types }),
      records.manifest(plan.patientId),
    ]);
    const issuedAt = clock.now();
    const expiresAt = earlier(later(issuedAt, GRANT_LIFETIME_MILLISECONDS), plan.decision.permittedUntil);
    if (expiresAt <= issuedAt) throw new NotAvailable('CONSENT_ENDED', plan.patientId);
    const { resolved, signer } = identity.current();
    const holder = { did: resolved, signer };
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

function earlier(instant: Date, other: Date | undefined): Date {
  return other !== undefined && other < instant ? other : instant;
}

/** What is read about a patient who does not exist. */
async function orOfNobody<Value>(reading: Promise<Value>, ofNobody: Value): Promise<Value> {
  try {
    return await reading;
  } catch (error) {
    if (errorCodeOf(error) === 'UNKNOWN_PATIENT') return ofNobody;
    throw error;
  }
}

/** What a log entry says about a decision: which policies led to it, as far as they fit; `policyCount` says how many there were. */
export function decisionDetail(decision: Decision): Readonly<Record<string, string | number | boolean>> {
  const named = decision.policies.slice(0, MAX_NAMED_POLICIES).join(' ').slice(0, MAX_POLICIES_CHARACTERS);
  return { policyCount: decision.policies.length, partial: decision.partial, ...(named === '' ? {} : { policies: named }) };
}
