import { Args, ID, Mutation, Query, Resolver } from '@nestjs/graphql';
import { z } from 'zod';
import { CurrentStaff } from '../../authorisation/caller.ts';
import { Requires } from '../../authorisation/requires.ts';
import { clientKeySetSchema, MAX_KEY_SET_CHARACTERS } from '../../clients/client-key-set.ts';
import type { ClientKeySet } from '../../clients/client-key-set.ts';
import { IntegrationClients } from '../../clients/integration-clients.ts';
import type { IntegrationClientView } from '../../clients/integration-clients.ts';
import type { StaffPrincipal } from '../../sessions/staff-principal.ts';
import { InputPipe } from '../common/input.ts';
import { idSchema, textSchema } from '../common/input-schemas.ts';
import { resultUnion } from '../common/result-union.ts';
import { IntegrationClient, IntegrationClientList } from './client-types.ts';

const RegisterIntegrationClientResult = resultUnion('RegisterIntegrationClientResult', IntegrationClient);
const IntegrationClientsResult = resultUnion('IntegrationClientsResult', IntegrationClientList);
const ReplaceClientKeysResult = resultUnion('ReplaceClientKeysResult', IntegrationClient);
const DisableIntegrationClientResult = resultUnion('DisableIntegrationClientResult', IntegrationClient);

/** A program's name stands in a list on a screen. */
const MAX_NAME_LENGTH = 100;
const nameSchema = textSchema.trim().min(1, { error: 'is empty' }).max(MAX_NAME_LENGTH, { error: `is longer than ${MAX_NAME_LENGTH} characters` });

/** A key set as the text that GraphQL carries. */
export const keySetTextSchema = z
  .string()
  .max(MAX_KEY_SET_CHARACTERS, { error: 'is too long' })
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      context.addIssue({ code: 'custom', message: 'is not JSON' });
      return z.NEVER;
    }
  })
  .pipe(clientKeySetSchema);

const KEY_SET = 'A JSON Web Key Set as text: 1 to 10 public keys, RSA of 2048 to 8192 bits or EC P-384, each with a kid.';

@Resolver()
export class ClientResolver {
  constructor(private readonly clients: IntegrationClients) {}

  @Requires('clients.manage')
  @Query(() => IntegrationClientsResult, { description: 'The programs that may sign in.' })
  async integrationClients(): Promise<IntegrationClientList> {
    return { clients: (await this.clients.list()).map(typeOf) };
  }

  @Requires('clients.manage', { stepUp: true })
  @Mutation(() => RegisterIntegrationClientResult, { description: 'Lets a program sign in with its private key. Needs a step-up.' })
  async registerIntegrationClient(
    @CurrentStaff() staff: StaffPrincipal,
    @Args('name', { type: () => String }, new InputPipe(nameSchema)) name: string,
    @Args('jwks', { type: () => String, description: KEY_SET }, new InputPipe(keySetTextSchema)) keySet: ClientKeySet,
  ): Promise<IntegrationClient> {
    return typeOf(await this.clients.register(name, keySet, staff));
  }

  @Requires('clients.manage', { stepUp: true })
  @Mutation(() => ReplaceClientKeysResult, { description: 'Replaces all keys of a program and ends its sessions. Needs a step-up.' })
  async replaceClientKeys(
    @CurrentStaff() staff: StaffPrincipal,
    @Args('clientId', { type: () => ID }, new InputPipe(idSchema)) clientId: string,
    @Args('jwks', { type: () => String, description: KEY_SET }, new InputPipe(keySetTextSchema)) keySet: ClientKeySet,
  ): Promise<IntegrationClient> {
    return typeOf(await this.clients.replaceKeys(clientId, keySet, staff));
  }

  @Requires('clients.manage', { stepUp: true })
  @Mutation(() => DisableIntegrationClientResult, { description: 'Stops a program: no new tokens, and its sessions end now. Needs a step-up.' })
  async disableIntegrationClient(
    @CurrentStaff() staff: StaffPrincipal,
    @Args('clientId', { type: () => ID }, new InputPipe(idSchema)) clientId: string,
  ): Promise<IntegrationClient> {
    return typeOf(await this.clients.disable(clientId, staff));
  }
}

function typeOf({ keyIds, ...client }: IntegrationClientView): IntegrationClient {
  return { ...client, keyIds: [...keyIds] };
}
