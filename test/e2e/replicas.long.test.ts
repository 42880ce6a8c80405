import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { patientOfSize } from '@carecord/testkit';
import { z } from 'zod';
import { FAILURE_FIELDS } from '../../apps/cli/src/client/graphql-client.ts';
import type { HospitalClient } from '../../apps/cli/src/client/hospital-client.ts';
import { parseExposition } from '../../apps/node/src/metrics/exposition.fixture.ts';
import { NETWORK_METRICS } from '../../apps/node/src/metrics/network-metrics.ts';
import type { NodeProcess } from '../../apps/cli/src/network/node-process.ts';
import { expectSuccess, signInWithStepUp } from '../support/operator.ts';
import { freePort } from '../support/organisation.ts';
import type { Organisation } from '../support/organisation.ts';
import { untilPublished } from '../support/running-network.ts';
import { demoAccount, signInAs, startSmallNetwork } from '../support/small-network.ts';
import type { SmallNetwork } from '../support/small-network.ts';
import { until } from '../support/until.ts';

/** Five nodes start, one after the other where one needs another. */
const TIMEOUT = 120_000;
const CONNECTION_MILLISECONDS = 30_000;
/** A replica looks every five seconds. */
const FOLLOWED_MILLISECONDS = 15_000;

describe('two nodes of one hospital', () => {
  let network: SmallNetwork;
  const organisations: Organisation[] = [];
  const west: NodeProcess[] = [];
  let east: NodeProcess;
  let metricsUrl: string;
  let clinician: HospitalClient;
  let locationId: string;
  const { bundle, nationalId } = patientOfSize(6, { seed: 1 });

  beforeAll(async () => {
    network = await startSmallNetwork(['west', 'east']);
    const first = await network.hospital('west');
    organisations.push(first, await network.replicaOf(first));
    const metricsPort = await freePort();
    metricsUrl = `http://127.0.0.1:${metricsPort}/metrics`;
    // Both at once, and for the first time: one of them makes keys and DID, the other one finds them.
    const [one, other, asking] = await Promise.all([...organisations.map((organisation) => organisation.start()), (await network.hospital('east', { CARECORD_METRICS_PORT: String(metricsPort) })).start()]);
    west.push(present(one), present(other));
    east = present(asking);
    clinician = await signInAs('clinician', east);
  }, TIMEOUT);
  afterAll(() => network.stop());

  const connections = async (node: NodeProcess): Promise<number> => (await (await signInAs('administrator', node)).nodeStatus()).connectedMembers;
  const history = async ({ ready }: NodeProcess): Promise<string> => (await fetch(`${ready.http}/.well-known/did.jsonl`)).text();
  const ask = async (): Promise<string> => {
    const answer = await clinician.requestAccess({ locationId, holderDid: present(west[0]).ready.did, purpose: 'TREAT', reason: 'Chest pain.' });
    if (answer.kind !== 'request' || answer.state !== 'RELEASED') throw new Error(`The answer was ${JSON.stringify(answer)}.`);
    return answer.requestId;
  };

  it(
    'are one DID with two PeerIds, connected with each other and with others',
    async () => {
      const [one, other] = west.map(({ ready }) => ready);
      expect(one?.did).toBe(other?.did);
      expect(one?.peerId).not.toBe(other?.peerId);
      expect(await history(present(west[0]))).toBe(await history(present(west[1])));
      // The authority and the two others of the three hospital nodes.
      for (const node of [...west, east]) await until('the connections', () => connections(node), (count) => count === 3, CONNECTION_MILLISECONDS);
    },
    TIMEOUT,
  );

  it(
    'share records and sessions, and each answers when the other is gone',
    async () => {
      const [one, other] = west;
      const staff = await signInAs('clinician', present(one));
      await staff.admitBundle(bundle, 'LISTED');
      const officer = await signInAs('privacy-officer', present(one));
      const patientId = await officer.findPatient(nationalId);
      await officer.giveConsent({ patientId, recipientDid: east.ready.did, recipientName: 'East', purposes: ['TREAT'] });
      const elsewhere = await signInAs('clinician', present(other));
      expect((await elsewhere.timeline(patientId)).length).toBe((await staff.timeline(patientId)).length);
      // The token of a session at one is good at the other.
      const answer = await fetch(`${present(other).ready.http}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${staff.token}` },
        body: JSON.stringify({ query: '{ me { __typename } }' }),
      });
      expect(await answer.json()).toEqual({ data: { me: { __typename: 'StaffMember' } } });

      // Before that, the guardians may have no key yet by which anybody could be found.
      await untilPublished(await signInAs('administrator', present(one)));
      ({ locationId } = await clinician.locate(nationalId, 'TREAT'));
      await ask();
      for (const index of [0, 1]) {
        await present(west[index]).stop();
        const requestId = await ask();
        expect(await clinician.releasedRecords(requestId)).not.toEqual([]);
        west[index] = await present(organisations[index]).start();
        await until('the connections', () => connections(east), (count) => count === 3, CONNECTION_MILLISECONDS);
      }
    },
    TIMEOUT,
  );

  it(
    'are counted by a node that was asked for metrics, without a word of who anybody is',
    async () => {
      const text = await (await fetch(metricsUrl)).text();
      const metrics = parseExposition(text);
      const valueOf = (name: string, labels: Readonly<Record<string, string>> = {}): number | undefined =>
        metrics.get(name)?.samples.find((sample) => Object.entries(labels).every(([label, value]) => sample.labels[label] === value))?.value;
      expect(valueOf('carecord_network_statistics_available')).toBe(1);
      // The authority and the other hospital, which has two nodes.
      expect(valueOf('carecord_network_connected_members')).toBe(2);
      expect(valueOf('carecord_network_connections', { relayed: 'false' })).toBeGreaterThanOrEqual(3);
      expect(valueOf('carecord_network_connections', { relayed: 'true' })).toBe(0);
      expect(valueOf('carecord_network_health', { state: 'healthy' })).toBe(1);
      expect(valueOf('carecord_network_messages_total', { direction: 'sent' })).toBeGreaterThan(0);
      expect(valueOf('carecord_network_message_bytes_total', { direction: 'received' })).toBeGreaterThan(0);
      expect(valueOf('carecord_network_handshakes_total')).toBeGreaterThan(0);
      expect(valueOf('carecord_network_stored_values', { kind: 'reference' })).toBeGreaterThan(0);
      expect(valueOf('carecord_publications_waiting')).toBe(0);
      expect(valueOf('process_cpu_seconds_total')).toBeGreaterThan(0);
      // A metric without a value is left out; every other one has its sentence.
      for (const { name, help } of NETWORK_METRICS) expect(metrics.get(name)?.help ?? help).toBe(help);
      for (const { did, peerId, p2p } of [east, ...west].map(({ ready }) => ready)) for (const secret of [did, peerId, ...p2p]) expect(text).not.toContain(secret);
      expect(text).not.toMatch(/did:|12D3Koo|\/(?:ip4|ip6|dns)|hospital\.example/);
      // Not at the API, and not where nobody asked for it.
      for (const node of [east, present(west[0])]) expect((await fetch(`${node.ready.http}/metrics`)).status).toBe(404);
    },
    TIMEOUT,
  );

  it(
    'follow each other: a rotation at one is at the other within seconds, and no request is lost',
    async () => {
      const [one, other] = west;
      const before = await history(present(other));
      const administrator = await signInWithStepUp(`${present(one).ready.http}/graphql`, demoAccount('administrator'));
      const document = `mutation Rotate { result: rotateIdentityKeys(urgent: false) { ${FAILURE_FIELDS} ... on RotatedIdentityKeys { versionId } } }`;
      const { versionId } = await expectSuccess(administrator, document, {}, z.object({ versionId: z.string() }));
      expect(await history(present(one))).toContain(versionId);
      // Until the other one has followed, it signs with the keys before, which are accepted still.
      await ask();
      const followed = await until('the rotation', () => history(present(other)), (text) => text !== before, FOLLOWED_MILLISECONDS);
      expect(followed).toBe(await history(present(one)));
      // Who rotates next builds on it.
      const second = await signInWithStepUp(`${present(other).ready.http}/graphql`, demoAccount('administrator'));
      await expectSuccess(second, document, {}, z.object({ versionId: z.string() }));
      await until('the rotation', () => history(present(one)), (text) => text.trimEnd().split('\n').length === followed.trimEnd().split('\n').length + 1, FOLLOWED_MILLISECONDS);
      await ask();
    },
    TIMEOUT,
  );
});

function present<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('It is not there.');
  return value;
}
