import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ConsentDecider, RESOURCE_TYPES } from './index.ts';
import type { Decision } from './index.ts';
import type { PurposeOfUse } from '@carecord/fhir';

/** A consent as the tests think of it; the reference below decides on this, never on FHIR. */
interface Rule {
  readonly type: 'permit' | 'deny';
  readonly recipients: string[] | undefined;
  readonly purposes: PurposeOfUse[] | undefined;
  readonly types: string[] | undefined;
  /** Days of March 2026, inclusive. */
  readonly days: [number, number] | undefined;
  /** A condition that nobody here can read: it may hold or not. */
  readonly riddle: keyof typeof RIDDLES | undefined;
  readonly exceptions: Rule[];
}
interface Asked {
  readonly requester: string;
  readonly purpose: PurposeOfUse;
  readonly type: string;
  readonly day: number;
}

const HOSPITALS = ['did:web:a.example', 'did:web:b.example', 'did:web:c.example'];
const TYPES = ['Observation', 'Condition', 'Immunization'];
const RIDDLES = {
  label: { securityLabel: [{ code: 'R' }] },
  modifier: { modifierExtension: [{ url: 'http://example.org/m', valueBoolean: true }] },
  code: { code: [{ text: 'anything' }] },
  data: { data: [{ meaning: 'instance', reference: { reference: 'Observation/1' } }] },
  purpose: { purpose: [{ system: 'http://example.org', code: 'OTHER' }] },
  actor: { actor: [{ role: { text: 'someone' }, reference: { display: 'someone' } }] },
  unheard: { elementOfTheFuture: true },
};

const system = (name: string): string => `http://terminology.hl7.org/CodeSystem/${name}`;
const day = (number: number): string => `2026-03-${String(number).padStart(2, '0')}`;

function toProvision(rule: Rule): object {
  const { type, recipients, purposes, types, days, riddle, exceptions } = rule;
  return {
    type,
    ...(recipients && { actor: recipients.map((value) => ({ role: { coding: [{ system: system('v3-ParticipationType'), code: 'IRCP' }] }, reference: { identifier: { system: 'urn:ietf:rfc:3986', value } } })) }),
    ...(purposes && { purpose: purposes.map((code) => ({ system: system('v3-ActReason'), code })) }),
    ...(types && { class: types.map((code) => ({ system: 'http://hl7.org/fhir/resource-types', code })) }),
    ...(days && { period: { start: day(days[0]), end: day(days[1]) } }),
    ...(riddle && RIDDLES[riddle]),
    ...(exceptions.length > 0 && { provision: exceptions.map(toProvision) }),
  };
}

const toConsent = (rule: Rule): { resourceType: string } & Record<string, unknown> => ({
  resourceType: 'Consent',
  status: 'active',
  scope: { coding: [{ system: system('consentscope'), code: 'patient-privacy' }] },
  provision: toProvision(rule),
});

/** What the innermost rules that apply say; several at one level: deny wins. `holds` answers the riddles. */
function opinion(rule: Rule, asked: Asked, holds: (rule: Rule) => boolean): 'permit' | 'deny' | 'none' {
  const applies =
    (rule.recipients?.includes(asked.requester) ?? true) &&
    (rule.purposes?.includes(asked.purpose) ?? true) &&
    (rule.types?.includes(asked.type) ?? true) &&
    (rule.days === undefined || (asked.day >= rule.days[0] && asked.day <= rule.days[1])) &&
    (rule.riddle === undefined || holds(rule));
  if (!applies) return 'none';
  const inner = rule.exceptions.map((exception) => opinion(exception, asked, holds));
  if (inner.includes('deny')) return 'deny';
  return inner.includes('permit') ? 'permit' : rule.type;
}

const riddlesIn = (rules: Rule[]): Rule[] => rules.flatMap((rule) => [...(rule.riddle ? [rule] : []), ...riddlesIn(rule.exceptions)]);

/** Permits only if it would whichever way the riddles turn out. */
function referencePermits(rules: Rule[], asked: Asked): boolean {
  const riddles = riddlesIn(rules);
  for (let answers = 0; answers < 2 ** riddles.length; answers += 1) {
    const opinions = rules.map((rule) => opinion(rule, asked, (riddle) => (answers >> riddles.indexOf(riddle)) % 2 === 1));
    if (!opinions.includes('permit') || opinions.includes('deny')) return false;
  }
  return true;
}

function ruleArbitrary(depth: number, purposes: PurposeOfUse[], riddle: fc.Arbitrary<keyof typeof RIDDLES | undefined>): fc.Arbitrary<Rule> {
  const some = <Value>(values: Value[]): fc.Arbitrary<Value[] | undefined> =>
    fc.option(fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 2 }), { nil: undefined, freq: 1 });
  return fc.record({
    type: fc.constantFrom('permit' as const, 'permit' as const, 'deny' as const),
    recipients: some(HOSPITALS),
    purposes: some(purposes),
    types: some(TYPES),
    days: fc.option(fc.tuple(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 10, max: 20 })), { nil: undefined }),
    riddle,
    exceptions: depth === 0 ? fc.constant([]) : fc.array(ruleArbitrary(depth - 1, purposes, riddle), { maxLength: 2 }),
  });
}

/** Exceptions that really are exceptions: each of the other type than the rule around it. */
const alternating = (rule: Rule, type: Rule['type']): Rule => ({
  ...rule,
  type,
  exceptions: rule.exceptions.map((exception) => alternating(exception, type === 'permit' ? 'deny' : 'permit')),
});

const askedArbitrary = (purposes: PurposeOfUse[]): fc.Arbitrary<Asked> =>
  fc.record({
    requester: fc.constantFrom(...HOSPITALS),
    purpose: fc.constantFrom(...purposes),
    type: fc.constantFrom(...TYPES),
    day: fc.integer({ min: 1, max: 20 }),
  });

const everythingUnattended = 'permit (principal, action == Action::"releaseUnattended", resource);';
const decider = ConsentDecider.create({ hospitalPolicies: everythingUnattended, holder: 'did:web:holder.example' });
const instant = (number: number): Date => new Date(`${day(number)}T23:59:59.999Z`);
const decide = (rules: Rule[], { requester, purpose, day: number }: Omit<Asked, 'type'>, resourceTypes: readonly string[], from = decider): Decision =>
  from.decide({ requester, purpose, role: 'clinician', resourceTypes, consents: rules.map(toConsent), now: instant(number) });
const permits = (rules: Rule[], asked: Asked): boolean => decide(rules, asked, [asked.type]).outcome === 'permit';

describe('the decision function against an independent reference', () => {
  it('permits nothing that the reference denies, whatever it does not understand', () => {
    const purposes: PurposeOfUse[] = ['TREAT', 'ETREAT', 'HRESCH'];
    const riddle = fc.constantFrom(...(Object.keys(RIDDLES) as (keyof typeof RIDDLES)[]));
    const sometimes = fc.oneof({ weight: 7, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: riddle });
    let permitted = 0;
    fc.assert(
      fc.property(fc.array(ruleArbitrary(2, purposes, sometimes), { maxLength: 3 }), askedArbitrary(purposes), (rules, asked) => {
        fc.pre(riddlesIn(rules).length <= 8);
        const permit = permits(rules, asked);
        if (permit) permitted += 1;
        expect(permit && !referencePermits(rules, asked)).toBe(false);
      }),
      { numRuns: 1000 },
    );
    // A decider that always denies would pass the property: it must have had something to say.
    expect(permitted).toBeGreaterThan(30);
  });

  it('agrees with it in both directions where everything is understood', () => {
    // TREAT without ETREAT below it: there a deny covers more than it names, on purpose.
    const purposes: PurposeOfUse[] = ['TREAT', 'HPAYMT', 'HRESCH'];
    fc.assert(
      fc.property(fc.array(ruleArbitrary(2, purposes, fc.constant(undefined)), { maxLength: 3 }), askedArbitrary(purposes), (drawn, asked) => {
        const rules = drawn.map((rule) => alternating(rule, rule.type));
        expect(permits(rules, asked)).toBe(referencePermits(rules, asked));
      }),
      { numRuns: 1000 },
    );
  });

  // Types that no policy names are decided together: the whole of R4 must come out as if each were asked for alone.
  it('agrees with it about every type when all are asked for at once', () => {
    const purposes: PurposeOfUse[] = ['TREAT', 'HPAYMT', 'HRESCH'];
    fc.assert(
      fc.property(fc.array(ruleArbitrary(2, purposes, fc.constant(undefined)), { maxLength: 3 }), askedArbitrary(purposes), (drawn, asked) => {
        const rules = drawn.map((rule) => alternating(rule, rule.type));
        const expected = RESOURCE_TYPES.filter((type) => referencePermits(rules, { ...asked, type }));
        expect(decide(rules, asked, RESOURCE_TYPES).permittedTypes).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('decides a type as if it were asked for alone, whatever is not understood and whatever types the hospital names', () => {
    const purposes: PurposeOfUse[] = ['TREAT', 'ETREAT', 'HRESCH'];
    const sometimes = fc.option(fc.constantFrom(...(Object.keys(RIDDLES) as (keyof typeof RIDDLES)[])), { nil: undefined });
    const own = `${everythingUnattended}
      forbid (principal, action == Action::"releaseUnattended", resource) when { [RecordType::"Condition", RecordType::"Goal"].contains(resource) };
      forbid (principal, action, resource == RecordType::"Flag") when { context.purpose == Purpose::"TREAT" };`;
    const strict = ConsentDecider.create({ hospitalPolicies: own, holder: 'did:web:holder.example' });
    const some = ['Observation', 'Condition', 'Immunization', 'Goal', 'Flag', 'Patient', 'Encounter'];
    const sorted = (decision: Pick<Decision, 'deniedTypes' | 'permittedTypes' | 'referredTypes' | 'outcome'>): string[] =>
      [...decision.permittedTypes.map((type) => `${decision.outcome} ${type}`), ...decision.referredTypes.map((type) => `refer ${type}`), ...decision.deniedTypes.map((type) => `deny ${type}`)].sort();
    fc.assert(
      fc.property(fc.array(ruleArbitrary(1, purposes, sometimes), { maxLength: 3 }), askedArbitrary(purposes), (rules, asked) => {
        const alone = some.flatMap((type) => sorted(decide(rules, asked, [type], strict))).sort();
        expect(sorted(decide(rules, asked, some, strict))).toEqual(alone);
      }),
      { numRuns: 200 },
    );
  });

  it('says until when: before that nothing that it permits is denied', () => {
    const purposes: PurposeOfUse[] = ['TREAT', 'ETREAT', 'HRESCH'];
    let ended = 0;
    fc.assert(
      fc.property(fc.array(ruleArbitrary(2, purposes, fc.constant(undefined)), { maxLength: 3 }), askedArbitrary(purposes), (rules, asked) => {
        const { permittedTypes, permittedUntil } = decide(rules, asked, TYPES);
        for (let later = asked.day + 1; permittedTypes.length > 0 && later <= 21; later += 1) {
          const still = decide(rules, { ...asked, day: later }, TYPES).permittedTypes;
          if (permittedUntil === undefined || instant(later) < permittedUntil) expect(still).toEqual(expect.arrayContaining(permittedTypes));
          else if (!permittedTypes.every((type) => still.includes(type))) ended += 1;
        }
      }),
      { numRuns: 500 },
    );
    expect(ended).toBeGreaterThan(10);
  });
});
