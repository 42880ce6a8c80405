import { beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '@carecord/core';
import type { Transaction, TransactionRunner } from '@carecord/core';
import type {
  GrantStore,
  ReceivedBlockStore,
  ReceivedRequest,
  ReceivedRequestStore,
  SentRequestStore,
  StoredGrant,
} from '@carecord/exchange';
import { aSentRequest, describeRequesterStores, HOLDER, hoursAfter, NOW } from './exchange-requester-stores.ts';
import { filled } from './filled.ts';

const REQUESTER = 'did:webvh:QmRequester:b.hospital.example';

/** The exchange's stores over one database, with the runner of their transactions. */
export interface ExchangeStores {
  readonly transactions: TransactionRunner;
  readonly received: ReceivedRequestStore;
  readonly grants: GrantStore;
  readonly sent: SentRequestStore;
  readonly blocks: ReceivedBlockStore;
}

/**
 * What every set of exchange stores does.
 * @param makeStores empty stores, fresh for every test
 */
export function describeExchangeStores(name: string, makeStores: () => Promise<ExchangeStores>): void {
  describe(`exchange stores: ${name}`, () => {
    let stores: ExchangeStores;
    beforeEach(async () => {
      stores = await makeStores();
    });
    const run = <Result>(work: (transaction: Transaction) => Promise<Result>): Promise<Result> => stores.transactions.run(work);

    describe('received requests', () => {
      const insert = (request: ReceivedRequest): Promise<'inserted' | 'duplicate'> =>
        run((transaction) => stores.received.insert(transaction, request));

      it('gives a request back as it was written, with and without what may be absent', async () => {
        const full = aReceivedRequest({ patientId: newId(), resourceTypes: ['Condition', 'Observation'], decidedAt: NOW, decidedBy: newId(), reasonCode: 'CONSENT_PERMITS' });
        const bare = aReceivedRequest();
        expect(await insert(full)).toBe('inserted');
        expect(await insert(bare)).toBe('inserted');
        expect(await stores.received.find(full.requestId)).toEqual(full);
        expect(await stores.received.find(bare.requestId)).toEqual(bare);
        expect(await stores.received.find(newId())).toBeUndefined();
      });

      it('refuses a request id a second time, from whomever, and lets the transaction go on', async () => {
        const request = aReceivedRequest();
        await insert(request);
        const other = aReceivedRequest();
        const outcome = await run(async (transaction) => {
          const second = await stores.received.insert(transaction, { ...request, requester: HOLDER, state: 'referred' });
          await stores.received.insert(transaction, other);
          return second;
        });
        expect(outcome).toBe('duplicate');
        expect(await stores.received.find(request.requestId)).toEqual(request);
        expect(await stores.received.find(other.requestId)).toEqual(other);
      });

      it('inserts one of two that come at once', async () => {
        const request = aReceivedRequest();
        const outcomes = await Promise.all([insert(request), insert(request)]);
        expect(outcomes.sort()).toEqual(['duplicate', 'inserted']);
      });

      it('changes what stands in the expected state, and keeps what the change does not name', async () => {
        const request = aReceivedRequest({ state: 'referred', reasonCode: 'POLICY_REFERS' });
        await insert(request);
        const change = { state: 'permitted', decidedAt: NOW, decidedBy: newId() } as const;
        expect(await run((transaction) => stores.received.change(transaction, request.requestId, 'referred', change))).toBe('changed');
        expect(await stores.received.find(request.requestId)).toEqual({ ...request, ...change });
      });

      it('changes nothing in another state, and nothing that is not there', async () => {
        const request = aReceivedRequest({ state: 'denied' });
        await insert(request);
        const change = (requestId: string): Promise<string> =>
          run((transaction) => stores.received.change(transaction, requestId, 'referred', { state: 'permitted' }));
        expect(await change(request.requestId)).toBe('wrong-state');
        expect(await change(newId())).toBe('wrong-state');
        expect(await stores.received.find(request.requestId)).toEqual(request);
      });

      it('lets one of two changes at once win', async () => {
        const request = aReceivedRequest({ state: 'referred' });
        await insert(request);
        const change = (state: 'permitted' | 'denied'): Promise<string> =>
          run((transaction) => stores.received.change(transaction, request.requestId, 'referred', { state }));
        expect((await Promise.all([change('permitted'), change('denied')])).sort()).toEqual(['changed', 'wrong-state']);
      });

      it('lists the asked-for states alone, newest first, up to the limit', async () => {
        const [old, recent, denied] = [
          aReceivedRequest({ state: 'referred', receivedAt: NOW }),
          aReceivedRequest({ state: 'referred', receivedAt: hoursAfter(1) }),
          aReceivedRequest({ state: 'denied', receivedAt: hoursAfter(2) }),
        ];
        for (const request of [old, recent, denied]) await insert(request);
        const receivedAfter = hoursAfter(-1);
        expect(await stores.received.list({ states: ['referred'], receivedAfter, limit: 10 })).toEqual([recent, old]);
        expect(await stores.received.list({ states: ['referred', 'denied'], receivedAfter, limit: 2 })).toEqual([denied, recent]);
        expect(await stores.received.list({ states: ['referred'], receivedAfter: NOW, limit: 10 })).toEqual([recent]);
        expect(await stores.received.list({ states: [], receivedAfter, limit: 10 })).toEqual([]);
      });

      it("counts one hospital's requests in one state, received after an instant", async () => {
        for (const changes of [{}, { receivedAt: hoursAfter(1) }, { receivedAt: hoursAfter(2) }, { receivedAt: hoursAfter(1), requester: HOLDER }]) {
          await insert(aReceivedRequest({ state: 'referred', ...changes }));
        }
        await insert(aReceivedRequest({ state: 'denied', receivedAt: hoursAfter(1) }));
        const count = (requester: string, receivedAfter: Date): Promise<number> => stores.received.count({ requester, state: 'referred', receivedAfter });
        expect(await count(REQUESTER, NOW)).toBe(2);
        expect(await count(HOLDER, NOW)).toBe(1);
        expect(await count(REQUESTER, hoursAfter(2))).toBe(0);
      });

      it('deletes the requests in the named states that were received until an instant', async () => {
        const [old, waiting, recent] = [aReceivedRequest({ state: 'denied' }), aReceivedRequest({ state: 'referred' }), aReceivedRequest({ state: 'denied', receivedAt: hoursAfter(1) })];
        for (const request of [old, waiting, recent]) await insert(request);
        const remove = (receivedUntil: Date): Promise<number> => run((transaction) => stores.received.delete(transaction, { states: ['denied', 'released'], receivedUntil }));
        expect(await remove(hoursAfter(-1))).toBe(0);
        expect(await remove(NOW)).toBe(1);
        expect(await stores.received.find(old.requestId)).toBeUndefined();
        expect(await stores.received.find(waiting.requestId)).toEqual(waiting);
        expect(await stores.received.find(recent.requestId)).toEqual(recent);
        expect(await insert(old)).toBe('inserted');
      });
    });

    describe('grants', () => {
      const insert = async (grant: StoredGrant, revocations = 0): Promise<'inserted' | 'revoked-meanwhile'> => {
        const request = aReceivedRequest({ requestId: grant.requestId, patientId: grant.patientId, requester: grant.recipient, state: 'released' });
        return run(async (transaction) => {
          await stores.received.insert(transaction, request);
          return stores.grants.insert(transaction, grant, revocations);
        });
      };
      const revoke = (patientId: string): Promise<{ grantId: string; requestId: string; recipient: string }[]> =>
        run((transaction) => stores.grants.revokeForPatient(transaction, patientId, hoursAfter(1)));

      it('gives a grant back as it was written', async () => {
        const grant = aGrant(['content-a', 'content-b']);
        expect(await insert(grant)).toBe('inserted');
        expect(await stores.grants.findByRequest(grant.requestId)).toEqual(grant);
        expect(await stores.grants.findByRequest(newId())).toBeUndefined();
      });

      it('covers the named content alone, for the recipient alone', async () => {
        await insert(aGrant(['content-a', 'content-b']));
        await insert({ ...aGrant(['content-c']), recipient: HOLDER });
        expect(await stores.grants.covered(REQUESTER, ['content-a', 'content-c', 'content-d'], NOW)).toEqual(new Set(['content-a']));
        expect(await stores.grants.covered(HOLDER, ['content-a', 'content-c'], NOW)).toEqual(new Set(['content-c']));
        expect(await stores.grants.covered(REQUESTER, [], NOW)).toEqual(new Set());
      });

      it('covers nothing from the instant on at which the grant expires', async () => {
        const grant = aGrant(['content-a']);
        await insert(grant);
        const before = new Date(grant.expiresAt.getTime() - 1);
        expect(await stores.grants.covered(REQUESTER, ['content-a'], before)).toEqual(new Set(['content-a']));
        expect(await stores.grants.covered(REQUESTER, ['content-a'], grant.expiresAt)).toEqual(new Set());
      });

      it("ends a patient's grants, each once, and nobody else's", async () => {
        const grant = aGrant(['content-a']);
        const other = aGrant(['content-b']);
        await insert(grant);
        await insert(other);
        expect(await revoke(grant.patientId)).toEqual([{ grantId: grant.grantId, requestId: grant.requestId, recipient: REQUESTER }]);
        expect(await revoke(grant.patientId)).toEqual([]);
        expect(await stores.grants.covered(REQUESTER, ['content-a', 'content-b'], NOW)).toEqual(new Set(['content-b']));
        expect((await stores.grants.findByRequest(grant.requestId))?.revokedAt).toEqual(hoursAfter(1));
      });

      it('covers what another, unrevoked grant covers as well', async () => {
        const grant = aGrant(['content-a']);
        await insert(grant);
        await revoke(grant.patientId);
        await insert({ ...aGrant(['content-a']), patientId: grant.patientId }, 1);
        expect(await stores.grants.covered(REQUESTER, ['content-a'], NOW)).toEqual(new Set(['content-a']));
      });

      it("counts a patient's revocations, also those that ended nothing", async () => {
        const patientId = newId();
        expect(await stores.grants.revocations(patientId)).toBe(0);
        await revoke(patientId);
        await revoke(patientId);
        expect(await stores.grants.revocations(patientId)).toBe(2);
        expect(await stores.grants.revocations(newId())).toBe(0);
      });

      it('refuses a grant that was decided before a revocation', async () => {
        const grant = aGrant(['content-a']);
        await revoke(grant.patientId);
        expect(await insert(grant, 0)).toBe('revoked-meanwhile');
        expect(await stores.grants.covered(REQUESTER, ['content-a'], NOW)).toEqual(new Set());
        expect(await stores.grants.findByRequest(grant.requestId)).toBeUndefined();
      });

      it('lets no grant outlive a revocation that happens at the same time', async () => {
        const grant = aGrant(['content-a']);
        const [inserted, ended] = await Promise.all([insert(grant, 0), revoke(grant.patientId)]);
        expect(ended).toHaveLength(inserted === 'inserted' ? 1 : 0);
        expect(await stores.grants.covered(REQUESTER, ['content-a'], NOW)).toEqual(new Set());
      });

      it('keeps a grant of thousands of versions', async () => {
        const contentIds = Array.from({ length: 3000 }, (_, index) => `content-${index}`);
        await insert({ ...aGrant(contentIds), jws: filled(900_000, 7) });
        expect((await stores.grants.covered(REQUESTER, [...contentIds, 'content-x'], NOW)).size).toBe(3000);
      });
    });

    describeRequesterStores(() => stores);

    it('takes everything back when the transaction fails', async () => {
      const [received, sent] = [aReceivedRequest({ patientId: newId() }), aSentRequest()];
      const grant = { ...aGrant(['content-a']), requestId: received.requestId };
      const failing = run(async (transaction) => {
        await stores.received.insert(transaction, received);
        await stores.grants.insert(transaction, grant, 0);
        await stores.sent.insert(transaction, sent);
        await stores.blocks.save(transaction, [{ contentId: 'content-a', ciphertext: filled(10, 1) }], NOW);
        throw new Error('no audit, no release');
      });
      await expect(failing).rejects.toThrow('no audit');
      expect(await stores.received.find(received.requestId)).toBeUndefined();
      expect(await stores.grants.findByRequest(received.requestId)).toBeUndefined();
      expect(await stores.sent.find(sent.requestId)).toBeUndefined();
      expect(await stores.blocks.read(['content-a'])).toEqual([undefined]);
    });
  });
}

function aReceivedRequest(changes: Partial<ReceivedRequest> = {}): ReceivedRequest {
  return {
    requestId: newId(),
    requester: REQUESTER,
    state: 'released',
    purpose: 'TREAT',
    role: 'physician',
    staffPseudonym: 'ab'.repeat(32),
    sealedReason: filled(60, 3),
    receivedAt: NOW,
    ...changes,
  };
}

function aGrant(contentIds: string[]): StoredGrant {
  return {
    grantId: newId(),
    requestId: newId(),
    patientId: newId(),
    recipient: REQUESTER,
    contentIds,
    jws: filled(3000, 4),
    issuedAt: NOW,
    expiresAt: hoursAfter(24),
  };
}
