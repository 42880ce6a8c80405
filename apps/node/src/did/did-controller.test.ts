import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { silentLogger } from '@carecord/core';
import { ed25519PublicKey, randomKey } from '@carecord/crypto';
import { addWitnessProofs, createHospitalDid, DidResolution, didKeyOf, newDidKeys, nextDidKeys, resolveDidHistory, rotateHospitalDid, witnessDidVersion } from '@carecord/identity';
import type { DidResolutionResult, ResolvedDid } from '@carecord/identity';
import { ManualClock } from '@carecord/testkit';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { pino } from 'pino';
import { httpModule } from '../composition/http-module.ts';
import { Readiness } from '../health/readiness.ts';
import { createApplication } from '../http/application.ts';
import { listen } from '../http/listen.ts';
import { DidController } from './did-controller.ts';
import { PublishedDid } from './published-did.ts';

const clock = new ManualClock(new Date('2026-11-01T00:00:00Z'));
const keys = newDidKeys();
const witnessSeed = randomKey();
let current: ResolvedDid;
let application: NestExpressApplication;
let base: string;

async function witnessed(created: { did: string; history: string }): Promise<ResolvedDid> {
  const proof = await witnessDidVersion({ ...created, witnessSeed, clock });
  return await resolveDidHistory(created.did, addWitnessProofs(created.history, [proof]), undefined, clock.now());
}

beforeAll(async () => {
  const witness = { threshold: 1, witnesses: [didKeyOf(ed25519PublicKey(witnessSeed))] };
  current = await witnessed(await createHospitalDid({ domain: 'a.hospital.example', keys, services: [{ type: 'CarecordGraphQL', endpoint: 'https://a.hospital.example/graphql' }], witness, clock }));
  const nobody = { authenticate: () => Promise.reject(new Error('nobody')), isSteppedUp: () => false, noteRefusal: () => Promise.resolve() };
  const basics = { authenticator: nobody, readiness: new Readiness([], silentLogger), logger: silentLogger, pino: pino({ level: 'silent' }) };
  const module = httpModule(basics, { imports: [], controllers: [DidController], providers: [{ provide: PublishedDid, useValue: new PublishedDid(() => current) }] });
  application = await createApplication(module, { logger: silentLogger, maxBodyBytes: 1024 });
  base = await listen(application, { host: '127.0.0.1', port: 0, anotherIfBusy: false, logger: silentLogger });
});
afterAll(() => application.close());

/** A resolver of anybody's, with the node standing where the DID says that it is. */
function resolve(did: string): Promise<DidResolutionResult> {
  const fetcher = {
    get: async (url: string) => {
      const response = await fetch(new URL(new URL(url).pathname, base));
      return { status: response.status, body: new Uint8Array(await response.arrayBuffer()) };
    },
  };
  return new DidResolution({ fetcher, clock }).resolve(did);
}

describe('the published DID', () => {
  it('is found by a resolver as did:webvh and as its did:web alias, with the same keys and services', async () => {
    const { did } = current;
    const [own, alias] = [await resolve(did), await resolve('did:web:a.hospital.example')];
    expect(own).toMatchObject({ didDocument: { id: did, alsoKnownAs: ['did:web:a.hospital.example'] }, didDocumentMetadata: { versionNumber: 1 } });
    expect(alias.didDocument).toMatchObject({ id: 'did:web:a.hospital.example', alsoKnownAs: [did] });
    expect(alias.didDocument?.service).toContainEqual(expect.objectContaining({ type: 'CarecordGraphQL', serviceEndpoint: 'https://a.hospital.example/graphql' }));
  });

  it.each([
    ['did.jsonl', 'text/jsonl; charset=utf-8'],
    ['did-witness.json', 'application/json; charset=utf-8'],
    ['did-cosignatures.json', 'application/json; charset=utf-8'],
    ['did.json', 'application/did+ld+json; charset=utf-8'],
  ])('%s is public, %s, and kept for a minute by whoever asks', async (file, type) => {
    const response = await fetch(`${base}/.well-known/${file}`);
    expect([response.status, response.headers.get('content-type'), response.headers.get('cache-control'), response.headers.get('access-control-allow-origin')]).toEqual([200, type, 'public, max-age=60', '*']);
  });

  it('has no cosignatures among the proofs of the log, where others would stumble over them', async () => {
    const log = await (await fetch(`${base}/.well-known/did.jsonl`)).text();
    expect(log).not.toContain('carecord-mldsa65-jcs-2026');
    expect(await (await fetch(`${base}/.well-known/did-cosignatures.json`)).text()).toContain('carecord-mldsa65-jcs-2026');
  });

  it('is the rotated one at once', async () => {
    clock.advance(60_000);
    const previous = current;
    current = await witnessed(await rotateHospitalDid({ current, keys: nextDidKeys(keys), keepPrevious: false, clock }));
    const alias = await resolve('did:web:a.hospital.example');
    expect(await resolve(current.did)).toMatchObject({ didDocumentMetadata: { versionNumber: 2 } });
    expect(alias.didDocument?.authentication).toEqual(['did:web:a.hospital.example#ed25519-2', 'did:web:a.hospital.example#ml-dsa-65-2']);
    current = previous;
    expect(await resolve(current.did)).toMatchObject({ didDocumentMetadata: { versionNumber: 1 } });
  });

  it('has no witness file where the DID has no witnesses', async () => {
    const withWitness = current;
    const created = await createHospitalDid({ domain: 'a.hospital.example', keys: newDidKeys(), clock });
    current = await resolveDidHistory(created.did, created.history, undefined, clock.now());
    expect((await fetch(`${base}/.well-known/did-witness.json`)).status).toBe(404);
    expect(await resolve(current.did)).toMatchObject({ didDocument: { id: current.did } });
    current = withWitness;
  });

  it('is read only', async () => {
    expect((await fetch(`${base}/.well-known/did.jsonl`, { method: 'POST' })).status).toBe(404);
  });
});
