import type { InternalTypeSchema } from '@medplum/core';
import type { Bundle, CodeSystem, CodeSystemConcept, ValueSet, ValueSetComposeInclude } from '@medplum/fhirtypes';

/** The codes of a value set, by code system. */
export type CodeSet = ReadonlyMap<string, ReadonlySet<string>>;

/**
 * Expands the value sets with a required binding (https://hl7.org/fhir/R4/terminologies.html#required). Those that
 * take in a system from outside FHIR (media types, currencies, UCUM) cannot be listed and are left out.
 * @param terminology the specification's bundle of ValueSet and CodeSystem resources
 */
export function expandRequiredCodes(dataTypes: Record<string, InternalTypeSchema>, terminology: Bundle): Map<string, CodeSet> {
  const resources = new Map<string, ValueSet | CodeSystem>();
  for (const { resource } of terminology.entry ?? []) {
    if ((resource?.resourceType === 'ValueSet' || resource?.resourceType === 'CodeSystem') && resource.url !== undefined) resources.set(resource.url, resource);
  }
  const expanded = new Map<string, CodeSet>();
  for (const url of requiredValueSets(dataTypes)) {
    const codes = expand(url.split('|')[0] ?? url, resources);
    if (codes !== undefined) expanded.set(url, codes);
  }
  return expanded;
}

function requiredValueSets(dataTypes: Record<string, InternalTypeSchema>): Set<string> {
  const urls = new Set<string>();
  for (const schema of Object.values(dataTypes)) {
    for (const { binding } of Object.values(schema.elements)) {
      if (binding?.strength === 'required' && binding.valueSet !== undefined) urls.add(binding.valueSet);
    }
  }
  return urls;
}

function expand(url: string, resources: ReadonlyMap<string, ValueSet | CodeSystem>): CodeSet | undefined {
  const valueSet = resources.get(url);
  if (valueSet?.resourceType !== 'ValueSet' || valueSet.compose?.exclude !== undefined) return undefined;
  const codes = new Map<string, Set<string>>();
  for (const include of valueSet.compose?.include ?? []) {
    const included = includedCodes(include, resources);
    if (include.system === undefined || included === undefined) return undefined;
    codes.set(include.system, new Set([...(codes.get(include.system) ?? []), ...included]));
  }
  return codes;
}

function includedCodes(include: ValueSetComposeInclude, resources: ReadonlyMap<string, ValueSet | CodeSystem>): string[] | undefined {
  if (include.filter !== undefined || include.valueSet !== undefined) return undefined;
  if (include.concept !== undefined) return include.concept.map(({ code }) => code);
  const system = resources.get(include.system ?? '');
  if (system?.resourceType !== 'CodeSystem' || system.content !== 'complete') return undefined;
  return (system.concept ?? []).flatMap(codesBelow);
}

function codesBelow(concept: CodeSystemConcept): string[] {
  return [concept.code, ...(concept.concept ?? []).flatMap(codesBelow)];
}
