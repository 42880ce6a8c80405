import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import type { FhirResource, PurposeOfUse } from '@carecord/fhir';
import { policyOf } from './cedar-expression.ts';
import { consentBase, relevanceOf } from './consent-base.ts';
import { readConditions } from './provision-conditions.ts';
import type { Conditions } from './provision-conditions.ts';
import { withNarrowerPurposes } from './purpose.ts';

/** Why a consent, or a provision of it, permits nothing although it may have been meant to. */
export interface RefusedPermit {
  /** Which one: a policy id as in {@link CompiledConsents.policies}. */
  readonly policy: string;
  /** Names of FHIR elements, never their values. */
  readonly notUnderstood: readonly string[];
}

/** Who asks for what: provisions that can never apply to it are left out. */
export interface Asker {
  /** DID of the asking hospital. */
  readonly requester: string;
  readonly purpose: PurposeOfUse;
}

/** What the consents of one patient say to one asker, as Cedar policies for the action `release`. */
export interface CompiledConsents {
  /** By id: `consent-<position>/<Consent.id where it is a UUID>/<path of the provision>`. */
  readonly policies: ReadonlyMap<string, PolicyJson>;
  /**
   * By the same ids: when a policy turns against a release, in milliseconds since 1970: a permit where its period ends, a
   * deny where its own begins or that of an exception to it ends.
   */
  readonly turns: ReadonlyMap<string, readonly number[]>;
  readonly refused: readonly RefusedPermit[];
}

type Provision = Readonly<Record<string, unknown>>;

/** Exceptions of exceptions are rare and ten levels are nobody's will; deeper is not understood. */
const MAX_DEPTH = 5;
/**
 * Provisions about one asker in all consents of a patient: each is a policy that the decision validates, parses and evaluates
 * (about 0.25 ms) while nothing else runs. Above it nothing is permitted.
 */
const MAX_PROVISIONS = 100;
/** Consents of a patient in force; each is read. A patient who consents to every hospital of a country has fewer. Above it nothing is permitted. */
const MAX_CONSENTS = 1_000;

/**
 * Compiles a patient's FHIR R4 Consents. Only active ones with scope patient-privacy permit anything. A provision that is
 * understood completely becomes a `permit` or a `forbid`; nested provisions are exceptions to the one around them and hold only
 * within it. What is not understood fails closed: it never permits and never makes an exception to a deny, and a deny loses
 * the conditions that were not understood, so that it covers more. What names other hospitals or purposes than the asker's is
 * left out: it would never apply, and a hospital could tell from the time that it takes that there is something.
 */
export function compileConsents(consents: readonly FhirResource[], asker: Asker): CompiledConsents {
  const compiler = new Compiler(asker);
  consents.forEach((consent, position) => compiler.addConsent(consent, `consent-${position}/${safeId(consent.id)}`));
  return compiler;
}

class Compiler implements CompiledConsents {
  readonly policies = new Map<string, PolicyJson>();
  readonly turns = new Map<string, readonly number[]>();
  readonly refused: RefusedPermit[] = [];
  private consents = 0;
  private provisions = 0;

  constructor(private readonly asker: Asker) {}

  addConsent(consent: FhirResource, name: string): void {
    const relevance = relevanceOf(consent);
    if (relevance === 'none') return;
    this.consents += 1;
    if (this.consents > MAX_CONSENTS) {
      this.denyAll();
      return;
    }
    const { type, notUnderstood } = consentBase(consent);
    const root = consent.provision === undefined ? {} : asProvision(consent.provision);
    // Contradictory or malformed: the deny covers everything, and no exception is read out of it.
    const readable = type === 'deny-all' || root === undefined ? { provision: null } : root;
    this.addProvision({ ...readable, type: type === 'permit' ? 'permit' : 'deny' }, `${name}/root`, [], notUnderstood, 1);
  }

  /**
   * @param around the conditions of the provisions around this one, as far as they are understood
   * @param notUnderstoodAround the elements around this one that are not understood: within them nothing is permitted
   */
  private addProvision(
    provision: Provision,
    id: string,
    around: readonly Conditions[],
    notUnderstoodAround: readonly string[],
    depth: number,
  ): void {
    const { conditions, notUnderstood, nested } = readProvision(provision, depth);
    if (!mayConcern(conditions, this.asker)) return;
    this.provisions += 1;
    if (this.provisions > MAX_PROVISIONS) {
      this.denyAll();
      return;
    }
    const blocking = [...notUnderstoodAround, ...notUnderstood];
    const isPermit = provision.type === 'permit';
    if (isPermit && blocking.length > 0) {
      this.refused.push({ policy: id, notUnderstood: [...new Set(blocking)] });
    } else if (isPermit) {
      this.policies.set(id, policyOf('permit', 'release', [...around, conditions], []));
      this.turns.set(id, endsOf([...around, conditions]));
    } else {
      const exceptions = blocking.length > 0 ? [] : nested.map((child) => exceptionOf(child, depth + 1));
      const understood = exceptions.filter((exception) => exception !== undefined);
      this.policies.set(id, policyOf('forbid', 'release', [...around, conditions].map(broadened), understood));
      this.turns.set(id, [...beginningsOf([...around, conditions]), ...endsOf(understood)]);
    }
    nested.forEach((child, position) => this.addProvision(child, `${id}.${position}`, [...around, conditions], blocking, depth + 1));
  }

  private denyAll(): void {
    this.policies.set('consent-limit', policyOf('forbid', 'release', [], []));
  }
}

/** Whether a provision, or what is nested in it, can say anything to this asker. A condition that is not understood excludes nobody. */
function mayConcern(conditions: Conditions, { requester, purpose }: Asker): boolean {
  const { recipients, purposes } = broadened(conditions);
  return (recipients?.includes(requester) ?? true) && (purposes?.includes(purpose) ?? true);
}

function endsOf(conditions: readonly Conditions[]): number[] {
  return conditions.map(({ period }) => period?.until).filter((instant) => instant !== undefined);
}

function beginningsOf(conditions: readonly Conditions[]): number[] {
  return conditions.map(({ period }) => period?.from).filter((instant) => instant !== undefined);
}

interface ReadProvision {
  readonly conditions: Conditions;
  readonly notUnderstood: readonly string[];
  readonly nested: readonly Provision[];
}

function readProvision(provision: Provision, depth: number): ReadProvision {
  const { conditions, notUnderstood } = readConditions(provision);
  if (provision.provision === undefined) return { conditions, notUnderstood, nested: [] };
  const list: unknown[] = Array.isArray(provision.provision) ? provision.provision : [];
  const nested = list.map(asProvision).filter((child) => child !== undefined);
  const complete = list.length > 0 && nested.length === list.length && depth < MAX_DEPTH;
  // An exception to a permit that we cannot read must not be lost: the permit around it is not understood then.
  return { conditions, notUnderstood: complete ? notUnderstood : [...notUnderstood, 'provision'], nested: depth < MAX_DEPTH ? nested : [] };
}

/** The conditions under which a nested permit lifts the deny around it; undefined when it is no permit or not understood. */
function exceptionOf(provision: Provision, depth: number): Conditions | undefined {
  const { conditions, notUnderstood } = readProvision(provision, depth);
  return provision.type === 'permit' && notUnderstood.length === 0 ? conditions : undefined;
}

function broadened(conditions: Conditions): Conditions {
  return conditions.purposes === undefined ? conditions : { ...conditions, purposes: withNarrowerPurposes(conditions.purposes) };
}

function asProvision(value: unknown): Provision | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Provision) : undefined;
}

/** The FHIR id if it is a UUID: policy ids go into audit logs, and another id may say who the patient is. */
function safeId(id: unknown): string {
  return typeof id === 'string' && /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id) ? id : 'no-id';
}
