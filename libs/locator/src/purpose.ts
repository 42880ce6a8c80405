/** What a patient may be looked up for: purposes of use of HL7 v3 ActReason. */
export const LOCATE_PURPOSES = ['TREAT', 'ETREAT', 'HPAYMT', 'HOPERAT', 'PATRQT', 'HRESCH'] as const;

/** One of {@link LOCATE_PURPOSES}. */
export type LocatePurpose = (typeof LOCATE_PURPOSES)[number];

/** Why a hospital has an identifier evaluated without looking for anybody: to make its own patient locatable. */
export const PUBLISH_PURPOSE = 'PUBLISH';

/** What a guardian may be asked for. */
export type EvaluationPurpose = LocatePurpose | typeof PUBLISH_PURPOSE;

/** Whether a text is a purpose that a guardian serves. */
export function isEvaluationPurpose(text: string): text is EvaluationPurpose {
  return text === PUBLISH_PURPOSE || (LOCATE_PURPOSES as readonly string[]).includes(text);
}
