import type { Clause, Expr, PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import type { ReleaseAction } from './policy-schema.ts';
import type { Conditions } from './provision-conditions.ts';
import type { HalfOpenPeriod } from './period.ts';

/**
 * Cedar policies in their JSON form. Values of a consent only ever become JSON strings in it, so no text of a
 * consent is read as Cedar.
 */

/** A policy for any hospital and type: `when` all of `every` hold, `unless` one of `exceptions` holds. */
export function policyOf(
  effect: 'permit' | 'forbid',
  action: ReleaseAction,
  every: readonly Conditions[],
  exceptions: readonly Conditions[],
): PolicyJson {
  const when = every.flatMap(expressionsOf).map((body): Clause => ({ kind: 'when', body }));
  const unless = exceptions.map((exception): Clause => ({ kind: 'unless', body: allOf(expressionsOf(exception)) }));
  return {
    effect,
    principal: { op: 'All' },
    action: { op: '==', entity: { type: 'Action', id: action } },
    resource: { op: 'All' },
    conditions: [...when, ...unless],
  };
}

function expressionsOf(conditions: Conditions): Expr[] {
  const { recipients, purposes, resourceTypes, period } = conditions;
  return [
    ...(recipients === undefined ? [] : [oneOf('Hospital', recipients, { Var: 'principal' })]),
    ...(purposes === undefined ? [] : [oneOf('Purpose', purposes, contextAttribute('purpose'))]),
    ...(resourceTypes === undefined ? [] : [oneOf('RecordType', resourceTypes, { Var: 'resource' })]),
    ...(period === undefined ? [] : within(period)),
  ];
}

function within({ from, until }: HalfOpenPeriod): Expr[] {
  return [
    ...(from === undefined ? [] : [{ '>=': { left: contextAttribute('now'), right: instant(from) } }]),
    ...(until === undefined ? [] : [{ '<': { left: contextAttribute('now'), right: instant(until) } }]),
  ];
}

/** `[Type::"a", Type::"b"].contains(subject)` */
function oneOf(type: string, ids: readonly string[], subject: Expr): Expr {
  return { contains: { left: { Set: ids.map((id) => ({ Value: { __entity: { type, id } } })) }, right: subject } };
}

function allOf(expressions: readonly Expr[]): Expr {
  return expressions.reduce((left, right) => ({ '&&': { left, right } }), { Value: true });
}

function contextAttribute(attr: string): Expr {
  return { '.': { left: { Var: 'context' }, attr } };
}

function instant(milliseconds: number): Expr {
  return { datetime: [{ Value: new Date(milliseconds).toISOString() }] };
}
