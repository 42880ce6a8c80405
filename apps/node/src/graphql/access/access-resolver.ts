import { Args, ID, Mutation, Query, Resolver } from '@nestjs/graphql';
import { PURPOSES_OF_USE } from '@carecord/fhir';
import { didSchema } from '@carecord/identity';
import { AccessHolder, AccessRequester, MAX_REASON_CHARACTERS } from '@carecord/exchange';
import { z } from 'zod';
import { AccessInbox } from '../../access/access-inbox.ts';
import { AccessQuestions } from '../../access/access-questions.ts';
import { CurrentStaff } from '../../authorisation/caller.ts';
import { Requires } from '../../authorisation/requires.ts';
import type { StaffPrincipal } from '../../sessions/staff-principal.ts';
import { RequestDecisionEnum } from '../common/enums.ts';
import { InputPipe } from '../common/input.ts';
import { idSchema, resourceTypesSchema, textSchema } from '../common/input-schemas.ts';
import { resultUnion } from '../common/result-union.ts';
import {
  AccessRequestInput,
  AccessRequestOutcome,
  DecidedAccessRequest,
  ReceivedAccessRequests,
  ReleasedRecords,
  SentAccessRequests,
} from './access-types.ts';

const RequestAccessResult = resultUnion('RequestAccessResult', AccessRequestOutcome);
const SentRequestsResult = resultUnion('SentRequestsResult', SentAccessRequests);
const ReceivedRequestsResult = resultUnion('ReceivedRequestsResult', ReceivedAccessRequests);
const DecideRequestResult = resultUnion('DecideRequestResult', DecidedAccessRequest);
const ReleasedRecordsResult = resultUnion('ReleasedRecordsResult', ReleasedRecords);

const requestSchema = z.object({
  locationId: idSchema,
  holderDid: didSchema,
  purpose: z.enum(PURPOSES_OF_USE),
  reason: textSchema.trim().min(1, { error: 'is empty' }).max(MAX_REASON_CHARACTERS, { error: `is longer than ${MAX_REASON_CHARACTERS} characters` }),
  resourceTypes: resourceTypesSchema,
});

@Resolver()
export class AccessResolver {
  constructor(
    private readonly questions: AccessQuestions,
    private readonly inbox: AccessInbox,
    private readonly requester: AccessRequester,
    private readonly holder: AccessHolder,
  ) {}

  @Requires('access.request')
  @Mutation(() => RequestAccessResult, { description: 'Asks another hospital for records of a located patient, and fetches what it releases.' })
  async requestAccess(
    @CurrentStaff() staff: StaffPrincipal,
    @Args('request', { type: () => AccessRequestInput }, new InputPipe(requestSchema)) request: z.infer<typeof requestSchema>,
  ): Promise<AccessRequestOutcome> {
    const { holderDid, resourceTypes, ...rest } = request;
    const outcome = await this.questions.ask({ ...rest, holder: holderDid, resourceTypes: resourceTypes ?? undefined }, staff);
    return { requestId: outcome.requestId, state: outcome.state, refusalCode: outcome.code };
  }

  @Requires('access.request')
  @Query(() => SentRequestsResult, { description: 'The questions that the signed-in staff member asked.' })
  async sentRequests(@CurrentStaff() staff: StaffPrincipal): Promise<SentAccessRequests> {
    const requests = await this.requester.requests(staff.staffId);
    return { requests: requests.map(({ holder, ...request }) => ({ ...request, holderDid: holder })) };
  }

  @Requires('access.inbox')
  @Query(() => ReceivedRequestsResult, { description: 'Questions of other hospitals that a person here has to decide.' })
  async receivedRequests(@CurrentStaff() staff: StaffPrincipal): Promise<ReceivedAccessRequests> {
    const requests = await this.inbox.read(staff);
    return { requests: requests.map(({ requester, ...request }) => ({ ...request, requesterDid: requester })) };
  }

  @Requires('access.decide')
  @Mutation(() => DecideRequestResult, { description: 'Decides about a question of another hospital, which is told.' })
  async decideRequest(
    @CurrentStaff() staff: StaffPrincipal,
    @Args('requestId', { type: () => ID }, new InputPipe(idSchema)) requestId: string,
    @Args('decision', { type: () => RequestDecisionEnum }) decision: 'permit' | 'deny',
  ): Promise<DecidedAccessRequest> {
    return await this.holder.decide(requestId, decision, { id: staff.staffId, role: staff.role });
  }

  @Requires('access.read-released')
  @Query(() => ReleasedRecordsResult, { description: 'What another hospital released: for the staff member who asked, while the grant lasts.' })
  async releasedRecords(
    @CurrentStaff() staff: StaffPrincipal,
    @Args('requestId', { type: () => ID }, new InputPipe(idSchema)) requestId: string,
  ): Promise<ReleasedRecords> {
    return { records: await this.requester.readReleased(requestId, { id: staff.staffId, role: staff.role }) };
  }
}
