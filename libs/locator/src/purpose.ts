import { isPurposeOfUse } from '@carecord/fhir';
import type { PurposeOfUse } from '@carecord/fhir';

/** Why a hospital has an identifier evaluated without looking for anybody: to make its own patient locatable. */
export const PUBLISH_PURPOSE = 'PUBLISH';

/** What a guardian may be asked for. */
export type EvaluationPurpose = PurposeOfUse | typeof PUBLISH_PURPOSE;

/** Whether a text is a purpose that a guardian serves. */
export function isEvaluationPurpose(text: string): text is EvaluationPurpose {
  return text === PUBLISH_PURPOSE || isPurposeOfUse(text);
}
