import { AuditLog } from '@carecord/audit';
import { silentLogger } from '@carecord/core';
import { randomKey } from '@carecord/crypto';
import { Locator, type LocateQuery } from '@carecord/locator';
import { MemoryAuditStore, MemoryLocatorStore, MemoryTransactions } from '@carecord/testkit';
import { EVALUATION_PROTOCOL, evaluationRequestSchema } from '../../../libs/locator/src/guardians/evaluation-protocol.ts';
import { GuardianSeal } from '../../../libs/locator/src/guardians/guardian-seal.ts';
import { type GuardianMember, GuardianNetwork } from '../../../libs/testkit/src/guardian-fixture.ts';

const UNLIMITED = { burst: 1_000_000, perSecond: 1_000_000 };
/** Look-ups are limited elsewhere; here it is about what they show. */
const LIMITS = { hospitalRate: UNLIMITED, clinicianRate: UNLIMITED, publishingRate: UNLIMITED, hospitalPerDay: 1e9, clinicianPerDay: 1e9, publishingPerPatient: 1_000, publishingAllowance: 1e9 };
const NATIONAL = 'urn:oid:1.2.3';

/** Asked by a guardian, in the order in which it was. */
export interface SeenEvaluation {
  readonly guardian: string;
  readonly asker: string;
  readonly blinded: readonly Uint8Array[];
  readonly evaluated: readonly Uint8Array[];
}

/** A hospital of the network. */
export interface ObservedHospital {
  readonly member: GuardianMember;
  readonly locator: Locator;
  readonly store: MemoryLocatorStore;
}

/** Guardians, a DHT and hospitals, all of whose messages can be seen. */
export class ObservedNetwork {
  readonly guardianNetwork = new GuardianNetwork(LIMITS);
  /** What guardians were asked and answered, since it was emptied. */
  readonly evaluations: SeenEvaluation[] = [];
  guardians: GuardianMember[] = [];

  static async make(guardians: number, threshold: number): Promise<ObservedNetwork> {
    const observed = new ObservedNetwork();
    observed.guardians = await observed.guardianNetwork.found(guardians, threshold);
    for (const guardian of observed.guardians) {
      observed.guardianNetwork.tamper(guardian, EVALUATION_PROTOCOL, (answer, request, asker) => {
        const { evaluations } = answer as unknown as { readonly evaluations: readonly { readonly evaluated: readonly Uint8Array[] }[] };
        observed.evaluations.push({ guardian: guardian.did, asker, blinded: evaluationRequestSchema.parse(request).blinded, evaluated: evaluations.flatMap(({ evaluated }) => evaluated) });
        return answer;
      });
    }
    return observed;
  }

  async hospital(name: string): Promise<ObservedHospital> {
    const member = this.guardianNetwork.join(name);
    await this.guardianNetwork.run();
    const { clock } = this.guardianNetwork.network;
    const store = new MemoryLocatorStore();
    const audit = new AuditLog(new MemoryAuditStore(), clock);
    const seed = randomKey();
    const { host, identity, guardians } = member;
    const common = { network: host, identity, tags: guardians.tags, recipientSeeds: () => [seed], indexKey: randomKey(), clock, logger: silentLogger };
    return { member, store, locator: new Locator({ ...common, store, audit, transactions: new MemoryTransactions() }) };
  }

  /** The shares of some guardians, as they have them themselves. */
  async sharesOf(members: readonly GuardianMember[]): Promise<Uint8Array[]> {
    return Promise.all(
      members.map(async ({ store, sealingKey }) => {
        const [name] = await store.shares();
        const share = name && (await store.share(name));
        if (share === undefined) throw new Error('A guardian has no share.');
        return new GuardianSeal(sealingKey).openShare(share);
      }),
    );
  }
}

/** The identifier of a patient: everybody may have the list of all of them. */
export function identifierOf(patient: number): { readonly system: string; readonly value: string } & LocateQuery {
  return { system: NATIONAL, value: String(100_000 + patient) };
}
