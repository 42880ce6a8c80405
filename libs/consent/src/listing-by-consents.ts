import { MAX_NAMED_HOSPITALS, UNLISTED } from '@carecord/core';
import type { NamedHospital, PatientListing } from '@carecord/core';
import type { FhirResource } from '@carecord/fhir';
import { relevanceOf } from './consent-base.ts';
import { readConditions } from './provision-conditions.ts';

/** What consents say to one hospital. */
export interface Willingness {
  readonly says: 'permit' | 'deny' | 'nothing';
  /** With `permit`: until when. */
  readonly until?: Date;
}

/** A hospital that no consent names: what is said to it is said to everybody. */
const ANYBODY = 'did:carecord:anybody';
/** Provisions inside provisions that are read for hospitals' names, as deep as the compiler does. */
const MAX_DEPTH = 5;

/**
 * A listing as consents change it.
 * @param willingnessTo asked for each hospital that the listing or a consent names, and for one that none does
 */
export function listingByConsents(set: PatientListing, consents: readonly FhirResource[], willingnessTo: (did: string) => Willingness): PatientListing {
  const inForce = consents.filter((consent) => relevanceOf(consent) !== 'none');
  if (inForce.length === 0) return set;
  const named = new Set([...set.hospitals.map(({ did }) => did), ...inForce.flatMap((consent) => recipientsIn(consent.provision, 1))]);
  // More than can be listed: which of them is meant more is not for us to say.
  if (named.size > 2 * MAX_NAMED_HOSPITALS) return UNLISTED;
  const said = new Map([...named].sort().map((did) => [did, willingnessTo(did)]));
  const everybody = willingnessTo(ANYBODY).says;
  if (set.listing === 'listed' && everybody !== 'deny' && ![...said.values()].some(({ says }) => says === 'deny')) return set;
  const kept = set.hospitals.filter(({ did }) => said.get(did)?.says !== 'deny');
  const permitted = [...said].flatMap(([did, { says, until }]): NamedHospital[] => (says === 'permit' ? [until === undefined ? { did } : { did, until }] : []));
  // What the hospital has set lasts until it sets something else, or a consent denies it.
  const hospitals = [...kept, ...permitted.filter(({ did }) => !kept.some((one) => one.did === did))];
  return hospitals.length === 0 || hospitals.length > MAX_NAMED_HOSPITALS ? UNLISTED : { listing: 'named', hospitals };
}

/** The hospitals that a provision and those inside it name. */
function recipientsIn(provision: unknown, depth: number): string[] {
  if (typeof provision !== 'object' || provision === null || depth > MAX_DEPTH) return [];
  if (Array.isArray(provision)) return provision.flatMap((one: unknown) => recipientsIn(one, depth));
  const { conditions } = readConditions(provision as Readonly<Record<string, unknown>>);
  return [...(conditions.recipients ?? []), ...recipientsIn((provision as { readonly provision?: unknown }).provision, depth + 1)];
}
