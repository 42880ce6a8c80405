import type { PurposeOfUse } from '@carecord/fhir';

/**
 * A purpose with those below it in the v3 ActReason hierarchy. A deny covers them all; a permit covers only what it names.
 */
export function withNarrowerPurposes(purposes: readonly PurposeOfUse[]): PurposeOfUse[] {
  return [...new Set(purposes.flatMap((purpose): PurposeOfUse[] => (purpose === 'TREAT' ? ['TREAT', 'ETREAT'] : [purpose])))];
}
