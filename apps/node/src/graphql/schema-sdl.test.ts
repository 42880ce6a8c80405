import { beforeAll, describe, expect, it } from '@jest/globals';
import { buildSchema, isObjectType, isUnionType } from 'graphql';
import type { GraphQLSchema } from 'graphql';
import { ACCESS_RULE } from '../authorisation/requires.ts';
import type { AccessRule } from '../authorisation/requires.ts';
import { AUTHORITY_RESOLVERS, HOSPITAL_RESOLVERS } from './resolvers.ts';
import { buildSchemaSdl } from './schema-sdl.ts';

describe('the GraphQL schema', () => {
  let schema: GraphQLSchema;
  beforeAll(async () => {
    schema = buildSchema(await buildSchemaSdl('hospital'));
  });

  it('is built without database, keys or network, and the same each time', async () => {
    for (const role of ['hospital', 'authority'] as const) expect(await buildSchemaSdl(role)).toBe(await buildSchemaSdl(role));
    expect(Object.keys(schema.getMutationType()?.getFields() ?? {}).sort()).toEqual([
      'admitBundle', 'beginPasskeyRegistration', 'beginPasskeySignIn', 'beginStepUp', 'beginTotp', 'changePassword', 'confirmTotp', 'createStaff', 'decideRequest',
      'destroyOldRootKeys', 'disableIntegrationClient', 'endOtherSessions', 'endSession', 'endStaffSessions', 'finishPasskeyRegistration', 'giveConsent', 'linkStaffToProvider', 'locate', 'newRecoveryCodes', 'registerIntegrationClient', 'removePasskey', 'removeTotp', 'replaceClientKeys',
      'requestAccess', 'resetStaffPassword', 'resetStaffSecondFactor', 'rewrapKeys', 'rotateIdentityKeys', 'setListing', 'setOwnPassword', 'setStaffDisabled', 'setStaffRole', 'signIn', 'signInWithCode',
      'signInWithPasskey', 'signOut', 'stepUp', 'withdrawConsent',
    ]);
    expect(Object.keys(schema.getQueryType()?.getFields() ?? {}).sort()).toEqual([
      'auditTrail', 'consents', 'findPatients', 'integrationClients', 'keys', 'me', 'members', 'networkStatus', 'nodeStatus', 'patient', 'peers', 'receivedRequests', 'releasedRecords',
      'rewrapJobs', 'secondFactors', 'sentRequests', 'sessions', 'staff', 'timeline',
    ]);
  });

  it('answers every root field with a union of success and Failure, and a sign-in with what it asks for next', () => {
    for (const root of [schema.getQueryType(), schema.getMutationType()]) {
      for (const field of Object.values(root?.getFields() ?? {})) {
        const type = 'ofType' in field.type ? field.type.ofType : field.type;
        if (!isUnionType(type)) throw new Error(`${field.name} is not a union.`);
        expect(type.getTypes().map(({ name }) => name)).toHaveLength(type.name === 'SignInResult' ? 4 : 2);
        expect(type.getTypes().map(({ name }) => name)).toContain('Failure');
        expect(type.getTypes().every(isObjectType)).toBe(true);
      }
    }
  });

  it('has an access rule on every root field, and only signing in is open to anybody', () => {
    const open: string[] = [];
    for (const resolver of new Set([...HOSPITAL_RESOLVERS, ...AUTHORITY_RESOLVERS])) {
      for (const name of Object.getOwnPropertyNames(resolver.prototype).filter((property) => property !== 'constructor')) {
        const handler = (resolver.prototype as unknown as Record<string, object>)[name] as object;
        if (!Reflect.hasMetadata('graphql:resolver_type', handler)) continue;
        const rule = Reflect.getMetadata(ACCESS_RULE, handler) as AccessRule | undefined;
        if (rule === undefined) throw new Error(`${resolver.name}.${name} has no access rule.`);
        if (rule.kind === 'public') open.push(name);
      }
    }
    expect(open.sort()).toEqual(['beginPasskeySignIn', 'setOwnPassword', 'signIn', 'signInWithCode', 'signInWithPasskey']);
  });
});
