/** The purposes for which a hospital can ask for a patient or for records: codes of HL7 v3 ActReason. */
export const PURPOSES_OF_USE = ['TREAT', 'ETREAT', 'HPAYMT', 'HOPERAT', 'PATRQT', 'HRESCH'] as const;

/** Treatment, emergency treatment, payment, operations, the patient's own request, research. */
export type PurposeOfUse = (typeof PURPOSES_OF_USE)[number];

/** Whether a value is one of {@link PURPOSES_OF_USE}. */
export function isPurposeOfUse(value: unknown): value is PurposeOfUse {
  return (PURPOSES_OF_USE as readonly unknown[]).includes(value);
}
