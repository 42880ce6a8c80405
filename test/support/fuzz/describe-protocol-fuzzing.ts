import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decodeWire, later } from '@carecord/core';
import { contentIdOf } from '@carecord/crypto';
import { publishReference, type Member } from '@carecord/network';
import type { DhtEntry } from '@carecord/network';
import { z } from 'zod';
import { CHECKPOINT, checkpointKey, cosignCheckpoint, makeCheckpoint } from '../../../libs/network/src/values/checkpoint.ts';
import { PING_PROTOCOL } from '../../../libs/network/src/routing/routing-protocol.ts';
import { CLINICIAN, known } from '../../../libs/testkit/src/exchange-fixture.ts';
import type { CheckedValue } from '../../../libs/network/src/values/value-rules.ts';
import { type FullHospital, type FullNetwork, makeFullNetwork } from '../full-network.ts';
import { described, fuzz, MAX_GROWTH_BYTES, mebibytes, type Target } from './fuzz.ts';
import { HeapWatch } from './heap.ts';
import { ProtocolBook } from './protocol-book.ts';
import { protocolNames } from './protocol-names.ts';
import { protocolTargets } from './protocol-targets.ts';
import { kindsOf, valueTargets } from './value-targets.ts';

const SETUP_MILLISECONDS = 120_000;
const TIMEOUT = 1_800_000;
const SEED = 'issue 4';
const DAY_MILLISECONDS = 24 * 60 * 60 * 1000;
const ACTOR = { kind: 'staff', id: CLINICIAN.id } as const;
const statementSchema = z.looseObject({ statement: z.instanceof(Uint8Array) });
/** The connection encrypter's name: what runs under it is fuzzed as the handshake. */
const ENCRYPTER = '/carecord/tls-membership/1';

/**
 * Fuzzes every protocol that a full node serves, and every kind of value that it keeps.
 * @param frames against each protocol, half of them as requests and half as answers; and against each kind
 */
export function describeProtocolFuzzing(frames: number): void {
  describe(`a full node, against ${frames} mutated frames of each protocol and each kind of value`, () => {
    let book: ProtocolBook;
    let full: FullNetwork;

    beforeAll(async () => {
      book = ProtocolBook.open();
      full = await makeFullNetwork({ hospitals: 4, guardians: 3, threshold: 2, seed: SEED, limits: { publishingAllowance: 0 } });
      await useEverything(full);
      book.close();
    }, SETUP_MILLISECONDS);
    afterAll(async () => {
      book.close();
      await full.network.stop();
    });

    const run = async (targets: readonly Target[], heap: HeapWatch, isExpected: (outcome: string) => boolean): Promise<void> => {
      for (const target of targets) {
        const outcomes = await fuzz(target, SEED, Math.ceil(frames / targets.length));
        process.stderr.write(`  ${target.name}: ${described(outcomes)}\n`);
        expect([...outcomes.keys()].filter((outcome) => !isExpected(outcome))).toEqual([]);
      }
      const growth = await heap.growth();
      process.stderr.write(`  ${mebibytes(growth)} more in memory\n`);
      expect(growth).toBeLessThan(MAX_GROWTH_BYTES);
    };

    it('serves every protocol that stands in the code', () => {
      const served = book.served().map(({ protocol }) => protocol.name);
      expect([...served, ENCRYPTER].sort()).toEqual([...protocolNames()].sort());
    });

    it(
      'answers or refuses every frame with a code',
      async () => {
        const { hospitals, clock } = full;
        const from = memberOf(full);
        expect(hospitals.length).toBeGreaterThan(1);
        const heap = await HeapWatch.begin();
        for (const served of book.served()) await run(protocolTargets(served, from, clock), heap, (outcome) => /^[a-z]+$|^[A-Z0-9_]+$/.test(outcome));
      },
      TIMEOUT,
    );

    it(
      'refuses every value that was changed, of every kind',
      async () => {
        const [{ node }] = full.hospitals as [FullNetwork['hospitals'][number]];
        const good = await valuesOf(full);
        expect([...good.keys()].sort()).toEqual(kindsOf(node.host));
        const heap = await HeapWatch.begin();
        for (const value of good.values()) await run(valueTargets(node.host, value, (changed) => saysTheSame(value, changed)), heap, (outcome) => outcome === 'taken' || outcome === 'VALUE_REFUSED');
      },
      TIMEOUT,
    );
  });
}

/** Everything that members do with each other, once: each protocol is used. */
async function useEverything({ network, hospitals, clock }: FullNetwork): Promise<void> {
  const [a, b] = hospitals.map(({ hospital }) => hospital);
  if (a === undefined || b === undefined) throw new Error('There are two.');
  const { patientId, nationalId } = await a.admit(3, 'listed');
  await a.consentTo(patientId, b);
  const { pointers } = await b.locator.locate(nationalId, { purpose: 'TREAT', actor: ACTOR });
  const released = await b.ask(a, { handle: known(pointers[0]).handle });
  await b.requester.readReleased(released.requestId, CLINICIAN);
  const referred = await b.askByTag(a, nationalId, { purpose: 'HOPERAT' });
  await a.holder.decide(referred.requestId, 'permit', { id: 'staff-9', role: 'records-officer' });
  await a.deliverOutcomes();
  const [first] = hospitals;
  if (first === undefined) throw new Error('There is one.');
  await publishReference(first.node.host, { contentId: contentIdOf(new Uint8Array(32)), identity: first.node.identity, sequence: 1, expiresAt: later(clock.now(), DAY_MILLISECONDS) });
  await first.node.host.publish([await checkpointOf(first, hospitals.slice(1), later(clock.now(), DAY_MILLISECONDS))]);
  await first.node.host.announceStatus(await network.authorities[0]?.statusList() as never);
  await first.node.rotate();
  for (const { node } of hospitals) await node.host.repair();
  await hospitals[1]?.node.host.request(PING_PROTOCOL, a.did, {});
}

async function checkpointOf({ node: { identity } }: FullHospital, witnesses: readonly FullHospital[], expiresAt: Date): Promise<DhtEntry> {
  const { did } = identity;
  const { signer } = identity.current();
  const statement = { did, origin: 'log', treeSize: 1, rootHash: new Uint8Array(32), at: expiresAt.getTime() - DAY_MILLISECONDS, expiresAt: expiresAt.getTime() };
  const cosignatures = await Promise.all(witnesses.map(({ node }) => cosignCheckpoint(statement, { did: node.identity.did, signer: node.identity.current().signer })));
  return { kind: CHECKPOINT, key: checkpointKey(did), value: await makeCheckpoint(statement, signer, cosignatures) };
}

/**
 * An advert may come with or without the history that its statement names by hash, and a checkpoint with as many cosignatures as there are;
 * what their owner signed is the statement.
 */
function saysTheSame(good: CheckedValue, changed: CheckedValue): boolean {
  if (!['advert', 'checkpoint'].includes(good.namespace) || Buffer.compare(good.key, changed.key) !== 0) return false;
  const [one, other] = [good, changed].map(({ value }) => statementSchema.parse(decodeWire(z.unknown(), value, value.length)).statement);
  return one !== undefined && other !== undefined && Buffer.compare(one, other) === 0;
}

function memberOf({ hospitals }: FullNetwork): Member {
  const [first, , third] = hospitals;
  const member = first?.node.host.members().find(({ did }) => did === third?.node.resolved.did);
  if (member === undefined) throw new Error('They are not connected.');
  return member;
}

/** A value of each kind, as some host keeps it. */
async function valuesOf({ hospitals, clock }: FullNetwork): Promise<Map<string, CheckedValue>> {
  const values = new Map<string, CheckedValue>();
  for (const { node } of hospitals) {
    const headers = await node.values.page({ limit: 10_000, now: clock.now() });
    for (const header of headers) {
      if (values.has(header.namespace)) continue;
      const [stored] = await node.values.read([header], clock.now());
      if (stored === undefined) continue;
      const attachments = stored.attachmentHash === undefined ? [] : await node.values.attachments([stored.attachmentHash]);
      values.set(header.namespace, { namespace: stored.namespace, key: stored.key, value: stored.value, ...(attachments[0] && { attachment: attachments[0].bytes }) });
    }
  }
  return values;
}
