import { Args, Mutation, Query, Resolver } from '@nestjs/graphql';
import type { RewrapJob, RewrapLevel } from '@carecord/records';
import { CurrentStaff } from '../../authorisation/caller.ts';
import { Requires } from '../../authorisation/requires.ts';
import { KeyOperations } from '../../keys/key-operations.ts';
import { actorOf } from '../../sessions/staff-principal.ts';
import type { StaffPrincipal } from '../../sessions/staff-principal.ts';
import { resultUnion } from '../common/result-union.ts';
import { DestroyedRootKeys, Keys, RewrapJobEntry, RewrapJobs, RewrapLevelEnum, RotatedIdentityKeys } from './key-types.ts';

const KeysResult = resultUnion('KeysResult', Keys);
const RewrapJobsResult = resultUnion('RewrapJobsResult', RewrapJobs);
const RotateIdentityKeysResult = resultUnion('RotateIdentityKeysResult', RotatedIdentityKeys);
const RewrapKeysResult = resultUnion('RewrapKeysResult', RewrapJobEntry);
const DestroyOldRootKeysResult = resultUnion('DestroyOldRootKeysResult', DestroyedRootKeys);

/** The hospital's keys: what there is, and replacing them. */
@Resolver()
export class KeyResolver {
  constructor(private readonly operations: KeyOperations) {}

  @Requires('keys.read')
  @Query(() => KeysResult, { description: 'The keys of this hospital: what for, in which state, since when. Never their secrets.' })
  async keys(): Promise<Keys> {
    const { holder, rootKeys, keys } = await this.operations.overview();
    return { holder, rootKeys: [...rootKeys], keys: [...keys] };
  }

  @Requires('keys.read')
  @Query(() => RewrapJobsResult, { description: 'The jobs that re-wrap keys, with their progress; the newest first.' })
  async rewrapJobs(): Promise<RewrapJobs> {
    return { jobs: (await this.operations.jobs()).map(shown) };
  }

  @Requires('keys.manage', { stepUp: true })
  @Mutation(() => RotateIdentityKeysResult, { description: 'Gives the hospital’s DID new keys.' })
  async rotateIdentityKeys(
    @CurrentStaff() staff: StaffPrincipal,
    @Args('urgent', { type: () => Boolean, nullable: true, description: 'The present keys may be known to others: nobody accepts them any more.' })
    urgent?: boolean | null,
  ): Promise<RotatedIdentityKeys> {
    return await this.operations.rotateIdentity({ urgent: urgent ?? false }, actorOf(staff));
  }

  @Requires('keys.manage', { stepUp: true })
  @Mutation(() => RewrapKeysResult, { description: 'Replaces the keys of one level and re-wraps what lies under them, in the background: see rewrapJobs.' })
  async rewrapKeys(@CurrentStaff() staff: StaffPrincipal, @Args('level', { type: () => RewrapLevelEnum }) level: RewrapLevel): Promise<RewrapJobEntry> {
    return shown(await this.operations.rewrap(level, staff));
  }

  @Requires('keys.manage', { stepUp: true })
  @Mutation(() => DestroyOldRootKeysResult, { description: 'Destroys all root keys but the current one, for ever. Refused while anything lies under one of them.' })
  async destroyOldRootKeys(@CurrentStaff() staff: StaffPrincipal): Promise<DestroyedRootKeys> {
    return { rootKeyIds: await this.operations.destroyOldRootKeys(staff) };
  }
}

function shown({ id, level, state, done, total, startedAt, updatedAt, finishedAt, errorCode }: RewrapJob): RewrapJobEntry {
  return { id, level, state, done, total, startedAt, updatedAt, finishedAt: finishedAt ?? null, errorCode: errorCode ?? null };
}
