import 'reflect-metadata';
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { GraphQLSchemaBuilderModule, GraphQLSchemaFactory } from '@nestjs/graphql';
import { NestFactory } from '@nestjs/core';
import { printSchema } from 'graphql';
import { isPermitted } from '../../authorisation/permissions.ts';
import { ACCESS_RULE } from '../../authorisation/requires.ts';
import { STAFF_ROLES } from '../../authorisation/roles.ts';
import { InputPipe } from '../common/input.ts';
import { ClientResolver, keySetTextSchema } from './client-resolver.ts';
import { ProviderLinkResolver } from './provider-link-resolver.ts';

const ruleOf = (resolver: { readonly prototype: object }, name: string): unknown => Reflect.getMetadata(ACCESS_RULE, (resolver.prototype as Record<string, object>)[name] ?? {});

describe('administration of programs and of links to the provider', () => {
  it('is for administrators alone, and every change needs a step-up', () => {
    expect(ruleOf(ClientResolver, 'integrationClients')).toEqual({ kind: 'permission', permission: 'clients.manage', stepUp: false });
    for (const change of ['registerIntegrationClient', 'replaceClientKeys', 'disableIntegrationClient']) {
      expect(ruleOf(ClientResolver, change)).toEqual({ kind: 'permission', permission: 'clients.manage', stepUp: true });
    }
    expect(ruleOf(ProviderLinkResolver, 'linkStaffToProvider')).toEqual({ kind: 'permission', permission: 'staff.manage', stepUp: true });
    expect(STAFF_ROLES.filter((role) => isPermitted(role, 'clients.manage'))).toEqual(['administrator']);
    expect(STAFF_ROLES.filter((role) => isPermitted(role, 'staff.manage'))).toEqual(['administrator']);
  });

  it('takes a key set as JSON text, and names the wrong place of one without its value', () => {
    const pipe = new InputPipe(keySetTextSchema);
    const key = { ...generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' }), kid: 'one' };
    expect(pipe.transform(JSON.stringify({ keys: [key] })).keys).toHaveLength(1);
    for (const text of ['', '{', '[]', JSON.stringify({ keys: [] }), JSON.stringify({ keys: [{ ...key, d: 'c2VjcmV0' }] }), `"${'x'.repeat(40_000)}"`]) {
      expect(() => pipe.transform(text)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
    }
  });

  it('has a schema', async () => {
    const application = await NestFactory.createApplicationContext(GraphQLSchemaBuilderModule, { logger: false });
    const schema = printSchema(await application.get(GraphQLSchemaFactory).create([ClientResolver, ProviderLinkResolver]));
    await application.close();
    expect(schema).toContain('registerIntegrationClient(');
    expect(schema).toContain('union RegisterIntegrationClientResult = IntegrationClient | Failure');
    expect(schema).toContain('linkStaffToProvider(');
  });
});
