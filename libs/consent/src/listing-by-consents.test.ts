import { describe, expect, it } from '@jest/globals';
import { MAX_NAMED_HOSPITALS, UNLISTED } from '@carecord/core';
import type { PatientListing } from '@carecord/core';
import type { FhirResource } from '@carecord/fhir';
import { buildConsent, withdrawConsent } from './build-consent.ts';
import { ConsentDecider } from './decider.ts';

const NOW = new Date('2026-03-01T12:00:00.000Z');
const LATER = new Date('2026-09-01T00:00:00.000Z');
/** A period's last millisecond counts. */
const END = new Date(LATER.getTime() + 1);
const [A, B, C] = ['did:webvh:Qma:a.example', 'did:webvh:Qmb:b.example', 'did:webvh:Qmc:c.example'] as const;
const LISTED: PatientListing = { listing: 'listed', hospitals: [] };
const decider = ConsentDecider.create({ holder: 'did:webvh:Qmh:h.example' });

const consent = (did: string, decision: 'deny' | 'permit', changes: { purposes?: ('HRESCH' | 'TREAT')[]; validFrom?: Date; resourceTypes?: string[] } = {}): FhirResource =>
  buildConsent({ fhirPatientId: 'p', recipient: { did, name: did }, purposes: ['TREAT'], validFrom: NOW, validUntil: LATER, decision, now: NOW, ...changes });
const everythingDenied: FhirResource = { ...consent(A, 'deny'), provision: { type: 'deny' } };
const named = (...dids: string[]): PatientListing => ({ listing: 'named', hospitals: dids.map((did) => ({ did })) });
const untilLater = (...dids: string[]): PatientListing => ({ listing: 'named', hospitals: dids.map((did) => ({ did, until: END })) });
const listing = (set: PatientListing, ...consents: FhirResource[]): PatientListing => decider.listing(set, consents, NOW);

describe('a listing with consents', () => {
  it('is what the hospital has set where there are none, or none in force', () => {
    for (const set of [LISTED, UNLISTED, named(A)]) expect(listing(set)).toEqual(set);
    expect(listing(UNLISTED, withdrawConsent(consent(A, 'permit')))).toEqual(UNLISTED);
  });

  it('of a patient who is listed to nobody names exactly those whom a consent permits, until it ends', () => {
    expect(listing(UNLISTED, consent(B, 'permit'), consent(A, 'permit'))).toEqual(untilLater(A, B));
  });

  it('names nobody for a purpose other than treatment, before a consent begins, or after it has ended', () => {
    expect(listing(UNLISTED, consent(A, 'permit', { purposes: ['HRESCH'] }))).toEqual(UNLISTED);
    expect(listing(UNLISTED, consent(A, 'permit', { validFrom: new Date(NOW.getTime() + 1_000) }))).toEqual(UNLISTED);
    expect(decider.listing(UNLISTED, [consent(A, 'permit')], END)).toEqual(UNLISTED);
  });

  it('names whom a consent permits anything at all', () => {
    expect(listing(UNLISTED, consent(A, 'permit', { resourceTypes: ['Observation'] }))).toEqual(untilLater(A));
  });

  it('adds to those that the hospital has named, and takes out whom a consent denies', () => {
    expect(listing(named(A), consent(B, 'permit'))).toEqual({ listing: 'named', hospitals: [{ did: A }, { did: B, until: END }] });
    expect(listing(named(A, C), consent(A, 'deny'))).toEqual(named(C));
    expect(listing(named(A), consent(A, 'deny'))).toEqual(UNLISTED);
    expect(listing(UNLISTED, consent(A, 'permit'), consent(A, 'deny'))).toEqual(UNLISTED);
  });

  it('to all members stays so with permits, and cannot leave one out: a deny leaves those alone who are permitted by name', () => {
    expect(listing(LISTED, consent(A, 'permit'))).toEqual(LISTED);
    expect(listing(LISTED, consent(A, 'deny'))).toEqual(UNLISTED);
    expect(listing(LISTED, consent(A, 'deny'), consent(B, 'permit'))).toEqual(untilLater(B));
    expect(listing(LISTED, everythingDenied)).toEqual(UNLISTED);
    expect(listing(named(A), everythingDenied)).toEqual(UNLISTED);
  });

  it('is nobody when in doubt: malformed consents, or more hospitals than can be named', () => {
    const malformed = { ...consent(A, 'permit'), provision: { type: 'permit', actor: 'everybody' } };
    expect(listing(UNLISTED, malformed)).toEqual(UNLISTED);
    expect(listing(LISTED, { ...consent(A, 'deny'), provision: 7 })).toEqual(UNLISTED);
    const many = Array.from({ length: MAX_NAMED_HOSPITALS + 1 }, (_, at) => consent(`did:webvh:Qm${String(at)}:h.example`, 'permit'));
    expect(listing(UNLISTED, ...many)).toEqual(UNLISTED);
    expect(listing(UNLISTED, ...many.slice(1)).hospitals).toHaveLength(MAX_NAMED_HOSPITALS);
    expect(listing(UNLISTED, null as unknown as FhirResource)).toEqual(UNLISTED);
  });

  it('never names more than a consent or the hospital does', () => {
    for (const set of [LISTED, UNLISTED, named(A)]) {
      for (const decision of ['permit', 'deny'] as const) {
        const { hospitals } = listing(set, consent(B, decision));
        expect(hospitals.every(({ did }) => did === A || (did === B && decision === 'permit'))).toBe(true);
      }
    }
  });
});
