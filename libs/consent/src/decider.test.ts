import { describe, expect, it } from '@jest/globals';
import { buildConsent, ConsentDecider, withdrawConsent } from './index.ts';
import type { ConsentStatement, Decision, ReleaseQuestion } from './index.ts';

const A = 'did:webvh:QmA:a.hospital.example';
const B = 'did:webvh:QmB:b.hospital.example';
const C = 'did:webvh:QmC:c.hospital.example';
const NOW = new Date('2026-03-01T12:00:00.000Z');
const DAY = 86_400_000;

const statement: ConsentStatement = {
  fhirPatientId: 'p1',
  recipient: { did: B, name: 'Hospital B' },
  purposes: ['TREAT'],
  validFrom: new Date(NOW.getTime() - DAY),
  validUntil: new Date(NOW.getTime() + DAY),
  decision: 'permit',
  now: NOW,
};
const permitB = buildConsent(statement);
const denyB = buildConsent({ ...statement, decision: 'deny' });

/** A consent whose provision is changed element by element. */
const withProvision = (change: object, consent = permitB): typeof permitB => ({ ...consent, provision: { ...(consent.provision as object), ...change } });

const decide = (change: Partial<ReleaseQuestion>, hospitalPolicies?: string): Decision =>
  ConsentDecider.create({ holder: A, hospitalPolicies }).decide({
    requester: B,
    role: 'clinician',
    purpose: 'TREAT',
    resourceTypes: ['Observation', 'Condition'],
    consents: [permitB],
    now: NOW,
    ...change,
  });

describe('a consent that permits', () => {
  it('releases every type asked for to the hospital that it names', () => {
    expect(decide({})).toEqual({
      outcome: 'permit',
      permittedTypes: ['Observation', 'Condition'],
      referredTypes: [],
      deniedTypes: [],
      partial: false,
      permittedUntil: new Date(statement.validUntil.getTime() + 1),
      policies: [`consent-0/${permitB.id}/root`, 'hospital/unattended-treatment'],
      reason: 'CONSENT_PERMITS',
      refusedPermits: [],
    });
  });

  it.each([
    ['another hospital', { requester: C }],
    ['another purpose', { purpose: 'HRESCH' as const }],
    ['a purpose below the one it names', { purpose: 'ETREAT' as const }],
    ['the time before it', { now: new Date(NOW.getTime() - DAY - 1) }],
    ['the time after it', { now: new Date(NOW.getTime() + DAY + 1) }],
    ['a withdrawn one', { consents: [withdrawConsent(permitB)] }],
    ['no consent at all', { consents: [] }],
  ])('permits nothing for %s', (_name, change) => {
    expect(decide(change)).toMatchObject({ outcome: 'deny', permittedTypes: [], reason: 'NO_CONSENT', partial: true });
  });

  it('holds at both ends of its time', () => {
    expect(decide({ now: statement.validFrom }).outcome).toBe('permit');
    expect(decide({ now: statement.validUntil }).outcome).toBe('permit');
  });

  it('for some types releases those, and says that it is not everything', () => {
    const consent = buildConsent({ ...statement, resourceTypes: ['Observation'] });
    expect(decide({ consents: [consent] })).toMatchObject({
      outcome: 'permit', permittedTypes: ['Observation'], deniedTypes: ['Condition'], partial: true,
    });
  });

  it('with an exception inside releases all but the exception', () => {
    const exception = { type: 'deny', class: [{ system: 'http://hl7.org/fhir/resource-types', code: 'Condition' }] };
    expect(decide({ consents: [withProvision({ provision: [exception] })] })).toMatchObject({
      permittedTypes: ['Observation'], deniedTypes: ['Condition'], partial: true,
    });
  });
});

describe('a consent that denies', () => {
  it('wins over one that permits', () => {
    expect(decide({ consents: [permitB, denyB] })).toMatchObject({
      outcome: 'deny', reason: 'CONSENT_DENIES', policies: [`consent-1/${denyB.id}/root`],
    });
  });

  it('does not touch another hospital', () => {
    const denyC = buildConsent({ ...statement, decision: 'deny', recipient: { did: C, name: 'C' } });
    expect(decide({ consents: [permitB, denyC] }).outcome).toBe('permit');
  });

  it('covers the purposes below the one it names', () => {
    const permitEmergency = buildConsent({ ...statement, purposes: ['ETREAT'] });
    expect(decide({ purpose: 'ETREAT', consents: [permitEmergency] }).outcome).toBe('permit');
    expect(decide({ purpose: 'ETREAT', consents: [permitEmergency, denyB] }).reason).toBe('CONSENT_DENIES');
  });

  it('with an exception inside permits the exception, and only that', () => {
    const { actor, ...anyone } = denyB.provision as Record<string, unknown>;
    const consent = { ...denyB, provision: { ...anyone, provision: [{ type: 'permit', actor }] } };
    expect(decide({ consents: [consent] }).outcome).toBe('permit');
    expect(decide({ consents: [consent], requester: C }).reason).toBe('CONSENT_DENIES');
  });

  it('is kept apart from another consent with the same id', () => {
    const { id } = permitB;
    expect(decide({ consents: [{ ...denyB, id }, { ...permitB, id }] }).reason).toBe('CONSENT_DENIES');
    expect(decide({ consents: [{ ...permitB, id }, { ...denyB, id }] }).reason).toBe('CONSENT_DENIES');
  });
});

describe('the end of a permission', () => {
  const at = (days: number): Date => new Date(NOW.getTime() + days * DAY);
  const until = (change: Partial<ReleaseQuestion>): Date | undefined => decide(change).permittedUntil;
  // Both ends of a FHIR period belong to it: the permission ends a millisecond later.
  const after = (instant: Date): Date => new Date(instant.getTime() + 1);
  const permit = (days: number, changes: Partial<ConsentStatement> = {}): typeof permitB => buildConsent({ ...statement, validUntil: at(days), ...changes });

  it('is that of the permit that ends first, of those that it rests on', () => {
    const toC = permit(1, { recipient: { did: C, name: 'C' } });
    const research = permit(1, { purposes: ['HRESCH'] });
    expect(until({ consents: [permit(9), permit(5), toC, research] })).toEqual(after(at(5)));
    expect(until({ consents: [permit(9), permit(5, { resourceTypes: ['Condition'] })], resourceTypes: ['Observation'] })).toEqual(after(at(9)));
  });

  it('is the end of a period around it', () => {
    const inner = { type: 'permit', period: { end: at(9).toISOString() } };
    const around = withProvision({ provision: [inner], period: { start: '2026', end: at(2).toISOString() } });
    expect(until({ consents: [around] })).toEqual(after(at(2)));
  });

  it('is there for what is referred to a person, too', () => {
    expect(decide({ purpose: 'HRESCH', consents: [permit(3, { purposes: ['HRESCH'] })] })).toMatchObject({ outcome: 'refer', permittedUntil: after(at(3)) });
  });

  it('is the begin of a deny', () => {
    expect(until({ consents: [permit(9), buildConsent({ ...statement, decision: 'deny', validFrom: at(2), validUntil: at(3) })] })).toEqual(at(2));
  });

  it('is the end of an exception to a deny', () => {
    const exception = { type: 'permit', period: { end: at(4).toISOString() } };
    const deny = { ...denyB, provision: { type: 'deny', provision: [exception] } };
    expect(until({ consents: [permit(9), deny] })).toEqual(after(at(4)));
  });

  it('is not there without a period, or without a permission', () => {
    expect(decide({ consents: [withProvision({ period: undefined })] })).not.toHaveProperty('permittedUntil');
    expect(decide({ consents: [] })).not.toHaveProperty('permittedUntil');
  });
});

/** What the compiler does not understand, by the element that it names in its refusal. */
const NOT_UNDERSTOOD: [string, object][] = [
  ['securityLabel', { securityLabel: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'R' }] }],
  ['code', { code: [{ text: 'HIV' }] }],
  ['data', { data: [{ meaning: 'instance', reference: { reference: 'Observation/1' } }] }],
  ['dataPeriod', { dataPeriod: { start: '2020' } }],
  ['action', { action: [{ coding: [{ code: 'disclose' }] }] }],
  ['modifierExtension', { modifierExtension: [{ url: 'http://example.org/not', valueBoolean: true }] }],
  ['purpose', { purpose: [{ system: 'http://example.org', code: 'TREAT' }] }],
  ['purpose', { purpose: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'HMARKT' }] }],
  ['purpose', { purpose: [] }],
  ['class', { class: [{ system: 'http://hl7.org/fhir/resource-types', code: 'Observatoin' }] }],
  ['class', { class: [{ system: 'http://hl7.org/fhir/resource-types', code: 'Resource' }] }],
  ['period', { period: { start: '2026-02-30' } }],
  ['actor', { actor: [{ role: { coding: [{ code: 'IRCP' }] }, reference: { identifier: { system: 'urn:ietf:rfc:3986', value: B } } }] }],
  ['actor', { actor: [{ reference: { reference: 'Organization/b' } }] }],
  ['provision', { provision: 'none' }],
];

describe('what is not understood', () => {
  it.each(NOT_UNDERSTOOD)('makes a permit unusable, with the element named: %s', (element, change) => {
    const decision = decide({ consents: [withProvision(change)] });
    expect(decision).toMatchObject({ outcome: 'deny', reason: 'NO_CONSENT' });
    expect(decision.refusedPermits).toEqual([{ policy: `consent-0/${permitB.id}/root`, notUnderstood: [element] }]);
  });

  it.each(NOT_UNDERSTOOD)('leaves a deny standing: %s', (_element, change) => {
    expect(decide({ consents: [permitB, withProvision(change, denyB)] }).reason).toBe('CONSENT_DENIES');
  });

  it.each(NOT_UNDERSTOOD)('is no exception to a deny: %s', (_element, change) => {
    const inner = { ...(permitB.provision as object), ...change };
    const consent = withProvision({ provision: [inner] }, denyB);
    expect(decide({ consents: [permitB, consent] }).reason).toBe('CONSENT_DENIES');
  });

  it.each([
    ['status', { status: 'on-hold' }],
    ['scope', { scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'research' }] } }],
    ['policy', { policy: [{ uri: 'http://example.org/rules' }] }],
    ['policyRule', { policyRule: { text: 'see paper' } }],
    ['verification', { verification: [{ verified: false }] }],
    ['modifierExtension', { modifierExtension: [{ url: 'http://example.org/x', valueBoolean: true }] }],
    ['implicitRules', { implicitRules: 'http://example.org/rules' }],
    ['provision', { provision: undefined }],
    ['provision', { provision: null }],
  ])('outside the provision makes a permit unusable and a deny stand: %s', (element, change) => {
    const decision = decide({ consents: [{ ...permitB, ...change }] });
    expect(decision.outcome).toBe('deny');
    expect(decision.refusedPermits[0]?.notUnderstood).toContain(element);
    expect(decide({ consents: [permitB, { ...denyB, ...change }] }).reason).toBe('CONSENT_DENIES');
  });

  it('in an exception to a permit takes the permit away', () => {
    const exception = { type: 'deny', securityLabel: [{ code: 'R' }] };
    expect(decide({ consents: [withProvision({ provision: [exception] })] }).reason).toBe('CONSENT_DENIES');
    expect(decide({ consents: [withProvision({ provision: [{ type: 'prohibit' }] })] }).reason).toBe('CONSENT_DENIES');
    expect(decide({ consents: [withProvision({ provision: ['text'] })] }).reason).toBe('NO_CONSENT');
  });

  it('a consent that contradicts itself denies everything', () => {
    expect(decide({ requester: C, consents: [buildConsent({ ...statement, recipient: { did: C, name: 'C' } }), { ...permitB, policyRule: denyB.policyRule }] }).reason).toBe('CONSENT_DENIES');
  });

  it('a consent about something else neither permits nor denies', () => {
    const scope = { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'adr' }] };
    expect(decide({ consents: [{ ...permitB, scope }] }).reason).toBe('NO_CONSENT');
    expect(decide({ consents: [permitB, { ...denyB, scope }] }).outcome).toBe('permit');
  });

  it('more provisions than we evaluate deny', () => {
    const nested = Array.from({ length: 101 }, () => ({ type: 'permit' }));
    expect(decide({ consents: [withProvision({ provision: nested })] })).toMatchObject({ reason: 'CONSENT_DENIES', policies: ['consent-limit'] });
    const consents = Array.from({ length: 101 }, () => permitB);
    expect(decide({ consents })).toMatchObject({ reason: 'CONSENT_DENIES', policies: ['consent-limit'] });
    expect(decide({ consents: consents.slice(1) }).outcome).toBe('permit');
  });

  it('consents about other hospitals and purposes do not count', () => {
    const toC = buildConsent({ ...statement, recipient: { did: C, name: 'C' } });
    const research = buildConsent({ ...statement, purposes: ['HRESCH'] });
    const others = Array.from({ length: 300 }, (_, at) => (at % 2 === 0 ? toC : research));
    expect(decide({ consents: [...others, permitB] }).outcome).toBe('permit');
    expect(decide({ consents: [...others, ...others, ...others, ...others, permitB] }).policies).toEqual(['consent-limit']);
  });

  it('exceptions nested too deeply do not permit', () => {
    const nest = (depth: number): object => (depth === 0 ? {} : { provision: [{ type: 'permit', ...nest(depth - 1) }] });
    const { actor, ...anyone } = permitB.provision as Record<string, unknown>;
    const consent = (depth: number): typeof permitB => ({ ...permitB, provision: { ...anyone, actor, ...nest(depth) } });
    expect(decide({ consents: [consent(4)] }).outcome).toBe('permit');
    expect(decide({ consents: [{ ...consent(9), policyRule: denyB.policyRule }] }).outcome).toBe('deny');
  });
});

describe('hospital policies', () => {
  it('refer a purpose that is not answered unattended', () => {
    const research = buildConsent({ ...statement, purposes: ['HRESCH'] });
    expect(decide({ purpose: 'HRESCH', consents: [research] })).toMatchObject({
      outcome: 'refer', permittedTypes: ['Observation', 'Condition'], reason: 'POLICY_REFERS',
    });
    expect(decide({ purpose: 'HRESCH', consents: [] })).toMatchObject({ outcome: 'deny', permittedTypes: [] });
  });

  it('can answer some types unattended: the others are left for a person', () => {
    const onlyObservations = 'permit (principal, action == Action::"releaseUnattended", resource == RecordType::"Observation");';
    expect(decide({}, onlyObservations)).toMatchObject({
      outcome: 'permit', permittedTypes: ['Observation'], referredTypes: ['Condition'], deniedTypes: [], partial: true,
    });
  });

  it('can forbid what a consent permits', () => {
    const noBilling = '@id("clinicians-only") forbid (principal, action == Action::"release", resource) unless { context.role == "clinician" };';
    expect(decide({ role: 'billing' }, noBilling)).toMatchObject({ outcome: 'deny', reason: 'POLICY_DENIES', policies: ['hospital/clinicians-only'] });
    expect(decide({ role: 'clinician' }, noBilling)).toMatchObject({ outcome: 'refer' });
  });

  it('are asked with the time and the holder', () => {
    const policy = `permit (principal, action == Action::"releaseUnattended", resource) when { context.holder == Hospital::"${A}" && context.now < datetime("2026-03-02") };`;
    expect(decide({}, policy).outcome).toBe('permit');
    expect(decide({ now: new Date(NOW.getTime() + DAY / 2) }, policy).outcome).toBe('refer');
  });
});

describe('errors', () => {
  it('an error in one policy denies everything, although Cedar would skip it', () => {
    const overflowing = 'forbid (principal, action == Action::"release", resource == RecordType::"Condition") when { context.now.offset(duration("9223372036854775807ms")) > context.now };';
    expect(decide({ resourceTypes: ['Observation'] }, overflowing)).toMatchObject({ outcome: 'refer' });
    expect(decide({}, overflowing)).toMatchObject({ outcome: 'deny', permittedTypes: [], reason: 'EVALUATION_ERROR' });
    expect(decide({}, overflowing).error).toMatchObject({ code: 'EVALUATION_FAILED', message: 'Policies failed while they were evaluated: hospital/0.' });
  });

  it.each([
    ['an unknown resource type', { resourceTypes: ['Observation', 'Secret'] }],
    ['no resource type', { resourceTypes: [] }],
    ['an unknown purpose', { purpose: 'MARKETING' as never }],
    ['an impossible time', { now: new Date(Number.NaN) }],
    ['a consent that is no object', { consents: [null as never] }],
  ])('%s denies', (_name, change) => {
    expect(decide(change)).toMatchObject({ outcome: 'deny', permittedTypes: [], reason: 'EVALUATION_ERROR', error: expect.any(Error) as unknown });
  });
});

describe('text of a consent', () => {
  it('never becomes Cedar', () => {
    const value = `did:x:y") || true) //`;
    const actor = [{ role: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }] }, reference: { identifier: { system: 'urn:ietf:rfc:3986', value } } }];
    expect(decide({ consents: [withProvision({ actor })] }).reason).toBe('NO_CONSENT');
    expect(decide({ requester: value, consents: [withProvision({ actor })] }).reason).toBe('NO_CONSENT');
    expect(decide({ consents: [{ ...denyB, id: 'x"); permit(principal, action, resource);' }] })).toMatchObject({ policies: ['consent-0/no-id/root'] });
  });
});
