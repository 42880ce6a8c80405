import { isPrimitiveType } from '@medplum/core';
import { loadDefinitions } from '@carecord/fhir';
import { asFreeText, elementForms, isFreeText } from './r4-elements.ts';
import type { ElementForm } from './r4-elements.ts';

type JsonObject = Record<string, unknown>;

/** What a resource full of canaries is made with. */
export interface CanarySource {
  /** A new canary. */
  readonly next: () => string;
  /** The fullUrl of the bundle's resource of a type, if it has one. */
  readonly fullUrlOf: (resourceType: string) => string | undefined;
}

/** Deep enough for every datatype inside a backbone element; recursive types (an item of an item) must end. */
const DEEPEST = 5;

/** Elements that are filled elsewhere, or hold no text of a patient's record. */
const LEFT_OUT: ReadonlySet<string> = new Set(['id', 'meta', 'language', 'implicitRules', 'contained', 'extension', 'modifierExtension']);

/** What R4's invariants forbid beside the other elements: obs-6 and cpl-3. */
const FORBIDDEN_BESIDE: ReadonlySet<string> = new Set(['Observation.dataAbsentReason', 'Observation.component.dataAbsentReason', 'CarePlan.activity.reference']);

/** The codes that invariants want beside the other elements (con-4: an abatement), where the first would not do. */
const FITTING_CODES: Readonly<Record<string, string>> = { 'Condition.clinicalStatus': 'resolved' };

const FIXED: Readonly<Record<string, unknown>> = {
  boolean: true,
  integer: 1,
  positiveInt: 1,
  unsignedInt: 1,
  decimal: 1,
  date: '2024-05-01',
  dateTime: '2024-05-01T10:00:00Z',
  instant: '2024-05-01T10:00:00Z',
  time: '10:00:00',
  id: 'a',
  oid: 'urn:oid:2.999',
  uuid: 'urn:uuid:00000000-0000-4000-8000-000000000000',
  Period: { start: '2024-05-01' },
};

/** The form of a choice that says most, in this order. */
const TELLING_TYPES = ['string', 'markdown', 'CodeableConcept', 'Quantity', 'Reference'];

/** A resource of the type with a canary in every element that R4 lets hold a text, to {@link DEEPEST} levels. */
export function canaryResource(resourceType: string, source: CanarySource): JsonObject {
  const isExtensible = elementForms(resourceType).some(([form]) => form?.name === 'extension');
  return {
    resourceType,
    meta: { source: asFreeText('uri', source.next()), tag: [{ system: 'https://text.example/tags', code: 'canary', display: source.next() }] },
    ...fill(resourceType, source, 0),
    ...(isExtensible ? { extension: [{ url: 'https://text.example/remark', valueString: source.next() }] } : {}),
  };
}

function fill(type: string, source: CanarySource, depth: number): JsonObject {
  const value: JsonObject = {};
  for (const forms of elementForms(type)) {
    const form = chooseForm(forms);
    if (form === undefined || isLeftOut(form) || (form.element.min === 0 && !holdsText(form, depth))) continue;
    const filled = fillForm(form, source, depth);
    if (filled !== undefined) value[form.name] = form.element.isArray === true ? [filled] : filled;
  }
  return value;
}

function chooseForm(forms: readonly ElementForm[]): ElementForm | undefined {
  return TELLING_TYPES.map((type) => forms.find((form) => form.type === type)).find((form) => form !== undefined) ?? forms[0];
}

function isLeftOut({ name, element }: ElementForm): boolean {
  return LEFT_OUT.has(name) || FORBIDDEN_BESIDE.has(element.path);
}

/** Whether a text may stand in the element, directly or below it. */
function holdsText(form: ElementForm, depth: number): boolean {
  if (form.type === 'Resource' || form.type === 'Extension' || depth >= DEEPEST) return false;
  if (isFreeText(form) || form.type === 'Reference') return true;
  if (isPrimitiveType(form.type)) return false;
  return elementForms(form.type)
    .map(chooseForm)
    .some((inner) => inner !== undefined && !isLeftOut(inner) && holdsText(inner, depth + 1));
}

function fillForm(form: ElementForm, source: CanarySource, depth: number): unknown {
  const { type, element } = form;
  if (isFreeText(form)) return asFreeText(type, source.next());
  if (type === 'Reference') return fillReference(element, source);
  if (type === 'code') return requiredCode(element)?.code ?? (form.name === 'contentType' ? 'text/plain' : 'en');
  if (type in FIXED) return FIXED[type];
  if (elementForms(type).length === 0) return undefined;
  const bound = type === 'CodeableConcept' ? requiredCode(element) : undefined;
  return bound === undefined ? fill(type, source, depth + 1) : { coding: [{ ...bound, display: source.next() }], text: source.next() };
}

function fillReference({ type }: ElementForm['element'], source: CanarySource): JsonObject {
  const targets = type.flatMap(({ targetProfile }) => targetProfile ?? []).map((profile) => profile.split('/').at(-1) ?? '');
  const reference = targets.map((target) => source.fullUrlOf(target === 'Resource' ? 'Patient' : target)).find((fullUrl) => fullUrl !== undefined);
  return { ...(reference === undefined ? {} : { reference }), identifier: { value: source.next() }, display: source.next() };
}

function requiredCode({ binding, path }: ElementForm['element']): { system: string; code: string } | undefined {
  if (binding?.strength !== 'required') return undefined;
  const [first] = loadDefinitions().requiredCodes.get(binding.valueSet ?? '') ?? [];
  if (first === undefined) return undefined;
  const [system, codes] = first;
  const [code = ''] = codes;
  return { system, code: FITTING_CODES[path] ?? code };
}
