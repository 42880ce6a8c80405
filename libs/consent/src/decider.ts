import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import { UNLISTED } from '@carecord/core';
import type { PatientListing } from '@carecord/core';
import type { FhirResource, PurposeOfUse } from '@carecord/fhir';
import { compileConsents } from './compile-consent.ts';
import type { CompiledConsents, RefusedPermit } from './compile-consent.ts';
import { ConsentError } from './consent-error.ts';
import { readHospitalPolicies } from './hospital-policies.ts';
import { DEFAULT_HOSPITAL_POLICIES } from './policy-schema.ts';
import { loadPolicies } from './policy-set.ts';
import type { Circumstances, LoadedPolicies, Verdict } from './policy-set.ts';
import { listingByConsents } from './listing-by-consents.ts';
import type { Willingness } from './listing-by-consents.ts';
import { isResourceType, RESOURCE_TYPES } from './resource-types.ts';

/** What another hospital asks for, and what the patient has said. */
export interface ReleaseQuestion {
  /** DID of the asking hospital, proven by its signature. */
  readonly requester: string;
  /** Role of the staff member there, as that hospital states it. */
  readonly role: string;
  readonly purpose: PurposeOfUse;
  /** R4 resource types, at least one; twice the same counts once. */
  readonly resourceTypes: readonly string[];
  /** All current Consents of this one patient, whatever their status. */
  readonly consents: readonly FhirResource[];
  readonly now: Date;
}

/**
 * - `CONSENT_PERMITS`: with outcome `permit`
 * - `POLICY_REFERS`: with outcome `refer`: consents permit, but a person at the holder must decide
 * - `NO_CONSENT`: no consent permits any of it
 * - `CONSENT_DENIES`: a consent denies what another one might permit
 * - `POLICY_DENIES`: consents permit, the hospital's own policy does not
 * - `EVALUATION_ERROR`: something did not fit or failed; nothing is released
 */
export type DecisionReason = 'CONSENT_PERMITS' | 'POLICY_REFERS' | 'NO_CONSENT' | 'CONSENT_DENIES' | 'POLICY_DENIES' | 'EVALUATION_ERROR';

/** The answer, type by type: the three lists together are what was asked for. */
export interface Decision {
  readonly outcome: 'permit' | 'deny' | 'refer';
  /** Types that may be released: at once with `permit`, after a person agreed with `refer`; empty with `deny`. */
  readonly permittedTypes: string[];
  /** With `permit`: types for which consents permit the release but a person would have to agree; left out of this release. */
  readonly referredTypes: string[];
  readonly deniedTypes: string[];
  /** Whether less than everything that was asked for is permitted. */
  readonly partial: boolean;
  /**
   * Until when the consents permit it (this instant no longer): a release must end by then. The earliest end among the periods on
   * which the permission rests, or begin of a deny; it may be too early, never too late. Undefined: without an end. What a
   * hospital's own policies say about time is not in it.
   */
  readonly permittedUntil?: Date;
  /** Ids of the policies that led to it, sorted. */
  readonly policies: string[];
  readonly reason: DecisionReason;
  /** Consents that may have been meant to permit something but are not understood: for the holder's log, not for the asker. */
  readonly refusedPermits: readonly RefusedPermit[];
  /** With `EVALUATION_ERROR`: what failed, for the holder's log; ours name policies by id and quote no consent. */
  readonly error?: unknown;
}

/** What a patient is looked for: who asks for something else asks the hospital itself. */
const LISTING_PURPOSES: readonly PurposeOfUse[] = ['TREAT', 'ETREAT'];

/** The one function that decides whether records leave the hospital. */
export class ConsentDecider {
  private constructor(
    private readonly hospitalPolicies: ReadonlyMap<string, PolicyJson>,
    private readonly holder: string,
  ) {}

  /**
   * @param options.hospitalPolicies Cedar text
   * @default options.hospitalPolicies treatment and emergency treatment are answered unattended, all else is referred to a person
   * @param options.holder DID of this hospital
   * @throws ConsentError `POLICY_INVALID`
   */
  static create(options: { readonly hospitalPolicies?: string; readonly holder: string }): ConsentDecider {
    return new ConsentDecider(readHospitalPolicies(options.hospitalPolicies ?? DEFAULT_HOSPITAL_POLICIES), options.holder);
  }

  /** Decides; never throws: whatever goes wrong is a denial with reason `EVALUATION_ERROR`. */
  decide(question: ReleaseQuestion): Decision {
    try {
      return this.evaluate(question);
    } catch (error) {
      return { ...denial([...question.resourceTypes], [], 'EVALUATION_ERROR', []), error };
    }
  }

  /**
   * To whom a patient may be found, when consents are added to what the hospital has set: never throws, and nobody when in doubt.
   * - Who is listed to named hospitals or to nobody is listed to those, too, that a consent permits to be given something for treatment.
   * - Whom a consent denies that is taken out. A listing to all members cannot leave one out: it becomes one to those permitted by name.
   * @param set as the hospital has set it for the patient
   * @param consents all current Consents of this one patient, whatever their status
   */
  listing(set: PatientListing, consents: readonly FhirResource[], now: Date): PatientListing {
    try {
      return listingByConsents(set, consents, (requester) => this.willingness(requester, consents, now));
    } catch {
      return UNLISTED;
    }
  }

  /** What the consents, and the hospital's policies, say to giving a hospital anything for treatment. */
  private willingness(requester: string, consents: readonly FhirResource[], now: Date): Willingness {
    const decisions = LISTING_PURPOSES.map((purpose) => this.decide({ requester, role: 'clinician', purpose, resourceTypes: RESOURCE_TYPES, consents, now }));
    if (decisions.some(({ reason }) => reason === 'EVALUATION_ERROR')) throw new ConsentError('EVALUATION_FAILED', 'A consent could not be evaluated.');
    const permits = decisions.filter(({ outcome }) => outcome !== 'deny');
    if (permits.length === 0) return { says: decisions.some(({ reason }) => reason === 'CONSENT_DENIES') ? 'deny' : 'nothing' };
    const ends = permits.map(({ permittedUntil }) => permittedUntil);
    const last = ends.some((end) => end === undefined) ? undefined : new Date(Math.max(...ends.map((end) => end?.getTime() ?? 0)));
    return { says: 'permit', ...(last === undefined ? {} : { until: last }) };
  }

  private evaluate(question: ReleaseQuestion): Decision {
    const asked = [...new Set(question.resourceTypes)];
    if (asked.length === 0) throw new ConsentError('EVALUATION_FAILED', 'The question names no resource type.');
    if (!asked.every(isResourceType)) throw new ConsentError('EVALUATION_FAILED', 'The question names what is no resource type.');
    const compiled = compileConsents(question.consents, question);
    const { policies: consentPolicies, refused } = compiled;
    const loaded = loadPolicies(new Map([...consentPolicies, ...this.hospitalPolicies]));
    const circumstances: Circumstances = { ...question, holder: this.holder };

    const release = verdicts(loaded, 'release', asked, circumstances);
    const released = allowedOf(release);
    if (released.length === 0) return denial(asked, idsOf(release), this.whyDenied([...release.values()], consentPolicies), refused);

    const unattended = verdicts(loaded, 'releaseUnattended', released, circumstances);
    const atOnce = allowedOf(unattended);
    const outcome = atOnce.length > 0 ? 'permit' : 'refer';
    const permittedTypes = outcome === 'permit' ? atOnce : released;
    const permittedUntil = endOf(compiled, release, question.now);
    return {
      outcome,
      permittedTypes,
      referredTypes: released.filter((type) => !permittedTypes.includes(type)),
      deniedTypes: asked.filter((type) => !released.includes(type)),
      partial: permittedTypes.length < asked.length,
      ...(permittedUntil === undefined ? {} : { permittedUntil }),
      policies: [...new Set([...idsOf(release), ...idsOf(unattended)])].sort(),
      reason: outcome === 'permit' ? 'CONSENT_PERMITS' : 'POLICY_REFERS',
      refusedPermits: refused,
    };
  }

  private whyDenied(release: readonly Verdict[], consentPolicies: ReadonlyMap<string, PolicyJson>): DecisionReason {
    const forbidding = release.flatMap((verdict) => verdict.determining);
    if (forbidding.some((id) => consentPolicies.has(id))) return 'CONSENT_DENIES';
    return forbidding.length > 0 ? 'POLICY_DENIES' : 'NO_CONSENT';
  }
}

/** A verdict for each type. Types that no policy names are alike to all of them: one is asked for all. */
function verdicts(
  loaded: LoadedPolicies,
  action: 'release' | 'releaseUnattended',
  types: readonly string[],
  circumstances: Circumstances,
): Map<string, Verdict> {
  let unnamed: Verdict | undefined;
  const verdictOf = (type: string): Verdict => {
    if (loaded.names(type)) return loaded.ask(action, type, circumstances);
    unnamed ??= loaded.ask(action, type, circumstances);
    return unnamed;
  };
  return new Map(types.map((type) => [type, verdictOf(type)]));
}

/** The first instant after `now` at which a decisive permit ends, or a deny can begin to hold. */
function endOf({ policies, turns }: CompiledConsents, release: ReadonlyMap<string, Verdict>, now: Date): Date | undefined {
  const decisive = new Set([...release.values()].filter(({ allowed }) => allowed).flatMap(({ determining }) => determining));
  const first = [...turns]
    .filter(([id]) => decisive.has(id) || policies.get(id)?.effect === 'forbid')
    .flatMap(([, instants]) => instants)
    .reduce((earliest, instant) => (instant > now.getTime() ? Math.min(earliest, instant) : earliest), Number.POSITIVE_INFINITY);
  return Number.isFinite(first) ? new Date(first) : undefined;
}

function allowedOf(verdictOfType: ReadonlyMap<string, Verdict>): string[] {
  return [...verdictOfType].filter(([, verdict]) => verdict.allowed).map(([type]) => type);
}

function idsOf(verdictOfType: ReadonlyMap<string, Verdict>): string[] {
  return [...new Set([...verdictOfType.values()].flatMap((verdict) => verdict.determining))].sort();
}

function denial(deniedTypes: string[], policies: string[], reason: DecisionReason, refusedPermits: readonly RefusedPermit[]): Decision {
  return { outcome: 'deny', permittedTypes: [], referredTypes: [], deniedTypes, partial: deniedTypes.length > 0, policies, reason, refusedPermits };
}
