import { Args, ID, Mutation, Query, Resolver } from '@nestjs/graphql';
import { didSchema, memberNameSchema } from '@carecord/identity';
import { MEMBERSHIP_STATES } from '@carecord/storage';
import type { MembershipState, StoredMembership } from '@carecord/storage';
import { z } from 'zod';
import { CurrentStaff } from '../../authorisation/caller.ts';
import { Requires } from '../../authorisation/requires.ts';
import { MembershipOffice } from '../../authority/membership-office.ts';
import { MembershipRegister } from '../../authority/membership-register.ts';
import type { StaffPrincipal } from '../../sessions/staff-principal.ts';
import { InputPipe } from '../common/input.ts';
import { pageSchema } from '../common/input-schemas.ts';
import type { Page } from '../common/input-schemas.ts';
import { resultUnion } from '../common/result-union.ts';
import { PageInput } from '../common/shared-inputs.ts';
import { AdmissionTicket, AdmissionTicketInput, MembershipEntries, MembershipEntry, MembershipStateEnum } from './membership-types.ts';

const DAY_MILLISECONDS = 24 * 60 * 60_000;
const DEFAULT_TICKET_DAYS = 30;
/** A ticket that is not used within a quarter of a year was lost. */
const MAX_TICKET_DAYS = 90;

const MembershipResult = resultUnion('MembershipResult', MembershipEntry);
const MembershipsResult = resultUnion('MembershipsResult', MembershipEntries);
const AdmissionTicketResult = resultUnion('AdmissionTicketResult', AdmissionTicket);

const statesSchema = z.array(z.enum(MEMBERSHIP_STATES)).min(1, { error: 'names no state' }).max(MEMBERSHIP_STATES.length).nullish();
/** A code and no text: it stands in the audit log. */
const reasonSchema = z.string().regex(/^[A-Z][A-Z_]{2,63}$/, { error: 'must be a code such as KEYS_STOLEN' }).nullish();
const ticketSchema = z.object({
  name: memberNameSchema,
  validForDays: z.int().min(1, { error: 'must be at least 1' }).max(MAX_TICKET_DAYS, { error: `must not be more than ${MAX_TICKET_DAYS}` }).nullish(),
});

const did = (): ParameterDecorator => Args('did', { type: () => ID }, new InputPipe(didSchema));
const reasonCode = (): ParameterDecorator => Args('reasonCode', { type: () => String, nullable: true, description: 'A code for the audit log, such as KEYS_STOLEN.' }, new InputPipe(reasonSchema));

/** An authority decides who belongs to the network. */
@Resolver()
export class MembershipResolver {
  constructor(
    private readonly office: MembershipOffice,
    private readonly register: MembershipRegister,
  ) {}

  @Requires('membership.read')
  @Query(() => MembershipsResult, { description: 'The hospitals that applied, the oldest application first.' })
  async memberships(
    @Args('states', { type: () => [MembershipStateEnum], nullable: true }, new InputPipe(statesSchema)) states: MembershipState[] | null | undefined,
    @Args('page', { type: () => PageInput, nullable: true }, new InputPipe(pageSchema)) page: Page,
  ): Promise<MembershipEntries> {
    const { entries, nextCursor } = await this.register.page(states ?? undefined, page);
    return { entries: entries.map(shown), nextCursor };
  }

  @Requires('membership.manage', { stepUp: true })
  @Mutation(() => MembershipResult, { description: 'Admits a hospital whose application waits: it gets its credential when it asks the next time.' })
  async admitMember(@CurrentStaff() staff: StaffPrincipal, @did() memberDid: string): Promise<MembershipEntry> {
    return shown(await this.office.decide(memberDid, 'admit', staff));
  }

  @Requires('membership.manage', { stepUp: true })
  @Mutation(() => MembershipResult, { description: 'Refuses an application that waits; the hospital may apply again.' })
  async refuseMember(@CurrentStaff() staff: StaffPrincipal, @did() memberDid: string, @reasonCode() reason?: string | null): Promise<MembershipEntry> {
    return shown(await this.office.decide(memberDid, 'refuse', staff, reason ?? undefined));
  }

  @Requires('membership.manage', { stepUp: true })
  @Mutation(() => MembershipResult, { description: 'Takes a hospital out for a while: its connections are closed within a minute.' })
  async suspendMember(@CurrentStaff() staff: StaffPrincipal, @did() memberDid: string, @reasonCode() reason?: string | null): Promise<MembershipEntry> {
    return shown(await this.office.decide(memberDid, 'suspend', staff, reason ?? undefined));
  }

  @Requires('membership.manage', { stepUp: true })
  @Mutation(() => MembershipResult, { description: 'Lets a suspended hospital in again.' })
  async reinstateMember(@CurrentStaff() staff: StaffPrincipal, @did() memberDid: string): Promise<MembershipEntry> {
    return shown(await this.office.decide(memberDid, 'reinstate', staff));
  }

  @Requires('membership.manage', { stepUp: true })
  @Mutation(() => MembershipResult, { description: 'Ends a membership for ever: its connections are closed within a minute.' })
  async revokeMember(@CurrentStaff() staff: StaffPrincipal, @did() memberDid: string, @reasonCode() reason?: string | null): Promise<MembershipEntry> {
    return shown(await this.office.decide(memberDid, 'revoke', staff, reason ?? undefined));
  }

  @Requires('membership.manage', { stepUp: true })
  @Mutation(() => AdmissionTicketResult, { description: 'Makes a ticket: the hospital that shows it is admitted at once.' })
  async createAdmissionTicket(
    @CurrentStaff() staff: StaffPrincipal,
    @Args('ticket', { type: () => AdmissionTicketInput }, new InputPipe(ticketSchema)) { name, validForDays }: z.infer<typeof ticketSchema>,
  ): Promise<AdmissionTicket> {
    return await this.office.createTicket({ name, validForMilliseconds: (validForDays ?? DEFAULT_TICKET_DAYS) * DAY_MILLISECONDS }, staff);
  }
}

function shown({ did: memberDid, name, state, statusIndex, appliedAt, decidedAt, decidedBy, reasonCode: reason }: StoredMembership): MembershipEntry {
  return { did: memberDid, name, state, statusIndex: statusIndex ?? null, appliedAt, decidedAt: decidedAt ?? null, decidedBy: decidedBy ?? null, reasonCode: reason ?? null };
}
