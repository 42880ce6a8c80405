import { later, toBase64Url } from '@carecord/core';
import type { PurposeOfUse } from '@carecord/fhir';
import type { LocalIdentity } from '@carecord/identity';
import { askingTag } from '@carecord/locator';
import type { Staff } from './dependencies.ts';
import { ExchangeError } from './exchange-error.ts';
import { MAX_REASON_CHARACTERS, REQUEST_LIFETIME_MILLISECONDS } from './limits.ts';
import { reasonSchema } from './signed-request.ts';
import type { AccessRequest } from './signed-request.ts';

/** What a staff member asks another hospital. At least one of `handle` and `locationTag` names the patient; a handle is preferred. */
export interface AccessQuestion {
  /** The handle of one of the holder's pointers. */
  readonly handle?: Uint8Array;
  /** The tag of the blinded lookup: for a hospital to which no pointer leads. It gets what `askingTag` makes of it. */
  readonly locationTag?: Uint8Array;
  /** DID of the hospital asked. */
  readonly holder: string;
  readonly purpose: PurposeOfUse;
  /** Free text for the person who decides or reviews; 1 to 500 characters. */
  readonly reason: string;
  /** FHIR R4 resource types. @default all */
  readonly resourceTypes?: readonly string[];
  readonly staff: Staff;
}

/**
 * The request as it will be signed.
 * @throws ExchangeError `REQUEST_INVALID` when it names no patient, `REASON_INVALID`
 */
export function buildRequest(
  question: AccessQuestion,
  by: {
    readonly requestId: string;
    readonly pseudonym: string;
    readonly identity: Pick<LocalIdentity, 'did' | 'networkId'>;
    readonly now: Date;
  },
): AccessRequest {
  const { holder, purpose, reason, resourceTypes, staff } = question;
  return {
    requestId: by.requestId,
    requester: by.identity.did,
    holder,
    network: by.identity.networkId,
    selector: selectorOf(question),
    purpose,
    reason: checkedReason(reason),
    role: staff.role,
    staffPseudonym: by.pseudonym,
    ...(resourceTypes === undefined ? {} : { resourceTypes: [...resourceTypes] }),
    issuedAt: by.now.toISOString(),
    expiresAt: later(by.now, REQUEST_LIFETIME_MILLISECONDS).toISOString(),
  };
}

function selectorOf({ handle, locationTag, holder }: AccessQuestion): AccessRequest['selector'] {
  if (handle !== undefined) return { handle: toBase64Url(handle) };
  if (locationTag !== undefined) return { tag: toBase64Url(askingTag(locationTag, holder)) };
  throw new ExchangeError('REQUEST_INVALID', 'The request names no patient.');
}

function checkedReason(reason: string): string {
  const checked = reasonSchema.safeParse(reason);
  if (!checked.success) throw new ExchangeError('REASON_INVALID', `A request needs a reason of 1 to ${MAX_REASON_CHARACTERS} characters.`);
  return checked.data;
}
