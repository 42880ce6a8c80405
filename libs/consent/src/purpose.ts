/** The purposes of use that a hospital can ask for: codes of HL7 v3 ActReason. */
export const PURPOSES_OF_USE = ['TREAT', 'ETREAT', 'HPAYMT', 'HOPERAT', 'PATRQT', 'HRESCH'] as const;

/** Treatment, emergency treatment, payment, operations, the patient's own request, research. */
export type PurposeOfUse = (typeof PURPOSES_OF_USE)[number];

/** Whether a text is one of {@link PURPOSES_OF_USE}. */
export function isPurposeOfUse(text: unknown): text is PurposeOfUse {
  return (PURPOSES_OF_USE as readonly unknown[]).includes(text);
}

/**
 * A purpose with those below it in the v3 ActReason hierarchy. A deny covers them all; a permit covers only what it names.
 */
export function withNarrowerPurposes(purposes: readonly PurposeOfUse[]): PurposeOfUse[] {
  return [...new Set(purposes.flatMap((purpose): PurposeOfUse[] => (purpose === 'TREAT' ? ['TREAT', 'ETREAT'] : [purpose])))];
}
