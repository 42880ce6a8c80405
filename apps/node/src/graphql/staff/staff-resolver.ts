import { Args, ID, Mutation, Query, Resolver } from '@nestjs/graphql';
import { z } from 'zod';
import { CurrentStaff } from '../../authorisation/caller.ts';
import { Requires } from '../../authorisation/requires.ts';
import { isStaffRole } from '../../authorisation/roles.ts';
import type { StaffRole } from '../../authorisation/roles.ts';
import type { StaffPrincipal } from '../../sessions/staff-principal.ts';
import { usernameSchema } from '../../staff/add-staff.ts';
import type { AddedStaff } from '../../staff/add-staff.ts';
import { StaffAdministration } from '../../staff/staff-administration.ts';
import type { StaffOverview } from '../../staff/staff-administration.ts';
import { StaffRoleEnum } from '../common/enums.ts';
import { InputPipe } from '../common/input.ts';
import { DEFAULT_PAGE_SIZE, idSchema, MAX_PAGE_SIZE, textSchema } from '../common/input-schemas.ts';
import { resultUnion } from '../common/result-union.ts';
import { PageInput } from '../common/shared-inputs.ts';
import { EndedSessions } from '../session/session-types.ts';
import { InitialPassword, StaffAccountEntry, StaffList } from './staff-types.ts';

const StaffListResult = resultUnion('StaffListResult', StaffList);
const StaffAccountResult = resultUnion('StaffAccountResult', StaffAccountEntry);
const InitialPasswordResult = resultUnion('InitialPasswordResult', InitialPassword);
const EndedStaffSessionsResult = resultUnion('EndedStaffSessionsResult', EndedSessions);

/** The cursor of this list is the last user name. */
const staffPageSchema = z
  .object({
    first: z.int().min(1, { error: 'must be at least 1' }).max(MAX_PAGE_SIZE, { error: `must not be more than ${MAX_PAGE_SIZE}` }).nullish(),
    after: textSchema.max(100, { error: 'is not a cursor of this list' }).nullish(),
  })
  .nullish()
  .transform((page) => ({ limit: page?.first ?? DEFAULT_PAGE_SIZE, ...(page?.after == null ? {} : { after: page.after }) }));

@Resolver()
export class StaffResolver {
  constructor(private readonly administration: StaffAdministration) {}

  @Requires('staff.read')
  @Query(() => StaffListResult, { description: 'The accounts of this node, by user name.' })
  async staff(
    @Args('page', { type: () => PageInput, nullable: true }, new InputPipe(staffPageSchema)) page: z.infer<typeof staffPageSchema>,
  ): Promise<StaffList> {
    const accounts = (await this.administration.list(page)).map(shown);
    return { accounts, nextCursor: accounts.length === page.limit ? (accounts.at(-1)?.username ?? null) : null };
  }

  @Requires('staff.manage', { stepUp: true })
  @Mutation(() => InitialPasswordResult, { description: 'Adds an account. Hand the initial password over in person.' })
  async createStaff(
    @CurrentStaff() by: StaffPrincipal,
    @Args('username', { type: () => String }, new InputPipe(usernameSchema)) username: string,
    @Args('role', { type: () => StaffRoleEnum }) role: StaffRole,
  ): Promise<InitialPassword> {
    return handedOver(await this.administration.create(by, { username, role }));
  }

  @Requires('staff.manage', { stepUp: true })
  @Mutation(() => StaffAccountResult, { description: 'Gives an account another role, and ends its sessions.' })
  async setStaffRole(
    @CurrentStaff() by: StaffPrincipal,
    @Args('staffId', { type: () => ID }, new InputPipe(idSchema)) staffId: string,
    @Args('role', { type: () => StaffRoleEnum }) role: StaffRole,
  ): Promise<StaffAccountEntry> {
    return shown(await this.administration.setRole(by, staffId, role));
  }

  @Requires('staff.manage', { stepUp: true })
  @Mutation(() => StaffAccountResult, { description: 'Disables an account, or enables it again, and ends its sessions.' })
  async setStaffDisabled(
    @CurrentStaff() by: StaffPrincipal,
    @Args('staffId', { type: () => ID }, new InputPipe(idSchema)) staffId: string,
    @Args('disabled', { type: () => Boolean }) disabled: boolean,
  ): Promise<StaffAccountEntry> {
    return shown(await this.administration.setDisabled(by, staffId, disabled));
  }

  @Requires('staff.manage', { stepUp: true })
  @Mutation(() => InitialPasswordResult, { description: 'Gives an account a new initial password, and ends its sessions. The second factor stays.' })
  async resetStaffPassword(@CurrentStaff() by: StaffPrincipal, @Args('staffId', { type: () => ID }, new InputPipe(idSchema)) staffId: string): Promise<InitialPassword> {
    return handedOver(await this.administration.resetPassword(by, staffId));
  }

  @Requires('staff.manage', { stepUp: true })
  @Mutation(() => StaffAccountResult, { description: 'Takes one-time codes, passkeys and recovery codes of an account away, and ends its sessions.' })
  async resetStaffSecondFactor(@CurrentStaff() by: StaffPrincipal, @Args('staffId', { type: () => ID }, new InputPipe(idSchema)) staffId: string): Promise<StaffAccountEntry> {
    return shown(await this.administration.resetSecondFactor(by, staffId));
  }

  @Requires('staff.manage', { stepUp: true })
  @Mutation(() => EndedStaffSessionsResult, { description: 'Ends all sessions of an account.' })
  async endStaffSessions(@CurrentStaff() by: StaffPrincipal, @Args('staffId', { type: () => ID }, new InputPipe(idSchema)) staffId: string): Promise<EndedSessions> {
    return { ended: await this.administration.endSessions(by, staffId) };
  }
}

function shown({ account, hasTotp, passkeys }: StaffOverview): StaffAccountEntry {
  const { id, username, role, disabled, passwordHash, passwordExpired } = account;
  return { id, username, role: isStaffRole(role) ? role : null, disabled, hasPassword: passwordHash !== undefined, passwordExpired, hasTotp, passkeys };
}

function handedOver({ account, initialPassword }: AddedStaff): InitialPassword {
  return { staffId: account.id, username: account.username, initialPassword };
}
