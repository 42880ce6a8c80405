import type { PurposeOfUse } from '@carecord/fhir';
import type { AccessRequester, RequestOutcome } from '@carecord/exchange';
import type { Locator } from '@carecord/locator';
import { NodeError } from '../failures/node-error.ts';
import type { StaffPrincipal } from '../sessions/staff-principal.ts';

/** What a staff member asks: the patient is named by a look-up of their own. */
export interface LocatedQuestion {
  readonly locationId: string;
  readonly holder: string;
  readonly purpose: PurposeOfUse;
  readonly reason: string;
  readonly resourceTypes: readonly string[] | undefined;
}

/** Asks other hospitals about patients who were located before. */
export class AccessQuestions {
  constructor(
    private readonly locator: Pick<Locator, 'loadLocation'>,
    private readonly requester: Pick<AccessRequester, 'requestAccess'>,
    private readonly localDid: string,
  ) {}

  /**
   * A hospital that lists the patient is asked by its handle, any other by the tag of the look-up.
   * @throws NodeError `LOCATION_EXPIRED` or `HOSPITAL_UNKNOWN`, ExchangeError
   */
  async ask(question: LocatedQuestion, staff: StaffPrincipal): Promise<RequestOutcome> {
    const { locationId, holder, purpose, reason, resourceTypes } = question;
    if (holder === this.localDid) throw new NodeError('HOSPITAL_UNKNOWN', 'This hospital does not ask itself: its own records are in the timeline.');
    const location = await this.locator.loadLocation(locationId, staff.staffId);
    if (location === undefined) throw new NodeError('LOCATION_EXPIRED', 'There is no such look-up of yours any more: locate the patient again.');
    const pointer = location.pointers.find((candidate) => candidate.holder === holder);
    return await this.requester.requestAccess({
      ...(pointer === undefined ? { locationTag: location.tag } : { handle: pointer.handle }),
      holder,
      purpose,
      reason,
      ...(resourceTypes === undefined ? {} : { resourceTypes }),
      staff: { id: staff.staffId, role: staff.role },
    });
  }
}
