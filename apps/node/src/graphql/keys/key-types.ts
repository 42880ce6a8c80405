import { Field, GraphQLISODateTime, ID, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { KEY_PURPOSES } from '@carecord/keys';
import type { KeyPurpose, KeyState } from '@carecord/keys';
import { REWRAP_LEVELS, REWRAP_STATES } from '@carecord/records';
import type { RewrapLevel, RewrapState } from '@carecord/records';
import { enumOf } from '../common/enums.ts';
import type { EnumOf } from '../common/enums.ts';

export const KeyPurposeEnum: EnumOf<KeyPurpose> = enumOf(KEY_PURPOSES);
registerEnumType(KeyPurposeEnum, { name: 'KeyPurpose', description: 'What a key of the node is for.' });

export const KeyStateEnum: EnumOf<KeyState> = enumOf(['pending', 'active', 'retired', 'destroyed']);
registerEnumType(KeyStateEnum, {
  name: 'KeyState',
  description: 'Made for later; in use; only opens what is old; gone.',
});

export const RewrapLevelEnum: EnumOf<RewrapLevel> = enumOf(REWRAP_LEVELS);
registerEnumType(RewrapLevelEnum, {
  name: 'RewrapLevel',
  description: 'Which keys are replaced: the root key, the erasure epoch’s, or those of all patients.',
});

export const RewrapStateEnum: EnumOf<RewrapState> = enumOf(REWRAP_STATES);
registerEnumType(RewrapStateEnum, { name: 'RewrapState', description: 'FAILED: done, but for keys that do not open and were left as they are.' });

@ObjectType({ description: 'A root key: it is with the key holder and wraps everything else.' })
export class RootKey {
  @Field(() => ID)
  id!: string;

  @Field(() => Boolean, { description: 'Whatever is wrapped from now on lies under it.' })
  isCurrent!: boolean;

  @Field(() => Boolean, { description: 'Something lies under it: it cannot be destroyed yet.' })
  isUsed!: boolean;
}

@ObjectType({ description: 'A key of the node, without its secret.' })
export class NodeKeyEntry {
  @Field(() => ID)
  id!: string;

  @Field(() => KeyPurposeEnum)
  purpose!: KeyPurpose;

  @Field(() => KeyStateEnum)
  state!: KeyState;

  @Field(() => ID, { nullable: true, description: 'The root key that wraps it; null once it is destroyed.' })
  rootKeyId?: string | null;

  @Field(() => GraphQLISODateTime)
  createdAt!: Date;

  @Field(() => GraphQLISODateTime, { nullable: true })
  activatedAt?: Date | null;

  @Field(() => GraphQLISODateTime, { nullable: true })
  retiredAt?: Date | null;

  @Field(() => GraphQLISODateTime, { nullable: true })
  destroyedAt?: Date | null;
}

@ObjectType({ description: 'The keys of this hospital, without their secrets.' })
export class Keys {
  @Field(() => String, { description: 'Who keeps the root keys: sealed-file, pkcs11 or vault-transit.' })
  holder!: string;

  @Field(() => [RootKey], { description: 'Oldest first.' })
  rootKeys!: RootKey[];

  @Field(() => [NodeKeyEntry], { description: 'By purpose and number, destroyed ones too.' })
  keys!: NodeKeyEntry[];
}

@ObjectType({ description: 'The work of re-wrapping one level of the keys.' })
export class RewrapJobEntry {
  @Field(() => ID)
  id!: string;

  @Field(() => RewrapLevelEnum)
  level!: RewrapLevel;

  @Field(() => RewrapStateEnum)
  state!: RewrapState;

  @Field(() => Int, { description: 'Keys (of the level PATIENT: patients) that are done.' })
  done!: number;

  @Field(() => Int, { description: 'As counted when it began.' })
  total!: number;

  @Field(() => GraphQLISODateTime)
  startedAt!: Date;

  @Field(() => GraphQLISODateTime, { description: 'When it last got on.' })
  updatedAt!: Date;

  @Field(() => GraphQLISODateTime, { nullable: true })
  finishedAt?: Date | null;

  @Field(() => String, { nullable: true, description: 'Why keys were left as they are.' })
  errorCode?: string | null;
}

@ObjectType({ description: 'Jobs that re-wrap keys, the newest first.' })
export class RewrapJobs {
  @Field(() => [RewrapJobEntry])
  jobs!: RewrapJobEntry[];
}

@ObjectType({ description: 'The hospital’s DID has new keys.' })
export class RotatedIdentityKeys {
  @Field(() => String, { description: 'The version of the DID that has them.' })
  versionId!: string;
}

@ObjectType({ description: 'Root keys that are gone for ever.' })
export class DestroyedRootKeys {
  @Field(() => [ID], { description: 'None, when there was but the current one.' })
  rootKeyIds!: string[];
}
