import { silentLogger } from '@carecord/core';
import { ed25519PublicKey, randomKey } from '@carecord/crypto';
import { addWitnessProofs, didKeyOf, DidHistories, MEMBER_POLICY, witnessDidVersion } from '@carecord/identity';
import type { WitnessProof, WitnessRule } from '@carecord/identity';
import { ManualClock, MemoryDidHistoryStore } from '@carecord/testkit';
import { Home, startReplica } from './identity.fixture.ts';
import type { Replica } from './identity.fixture.ts';
import { IdentityRotation } from './identity-rotation.ts';
import type { IdentityRotationOptions } from './identity-rotation.ts';

/** One replica that can rotate. */
export interface Rotating extends Replica {
  readonly rotation: IdentityRotation;
}

/** What fails because a test wants it to. */
export const failing = (): Promise<never> => Promise.reject(new Error('failed on purpose'));

/** The number of the version that a replica stands by. */
export function versionOf({ identity }: Replica): number {
  return identity.signing().resolved.versionNumber;
}

/** A hospital, its one authority, and its members: nobody of them takes a second version of one number. */
export class RotationScene {
  readonly home = new Home();
  readonly clock = new ManualClock();
  /** By version number, the version that the authority has witnessed. */
  readonly witnessed = new Map<number, string>();
  /** Histories that the members were told. */
  readonly announced: string[] = [];
  readonly members: DidHistories;
  private readonly witnessSeed = randomKey();
  private readonly witness: WitnessRule = { threshold: 1, witnesses: [didKeyOf(ed25519PublicKey(this.witnessSeed))] };

  constructor() {
    this.members = new DidHistories({ store: new MemoryDidHistoryStore(), clock: this.clock, policy: { ...MEMBER_POLICY, witnesses: this.witness } });
  }

  /** The version that waits to take over, as it is stored. */
  get prepared(): string | undefined {
    return this.home.settings.values.get('identity.next');
  }

  /** Starts a replica whose first version is witnessed. */
  async start(change: Partial<IdentityRotationOptions> = {}, { witness: rule }: { readonly witness: WitnessRule | undefined } = { witness: this.witness }): Promise<Rotating> {
    const { home, clock } = this;
    const { identity, ring } = await startReplica(home, { clock, witness: rule });
    if (!identity.isWitnessed) await identity.complete(addWitnessProofs(identity.record.history, await this.askAuthority(identity.did, identity.record.history)));
    const rotation = new IdentityRotation({
      identity,
      ring,
      settings: home.settings,
      services: () => [],
      witness: rule,
      collectWitnessProofs: (did, history) => this.askAuthority(did, history),
      announce: async (history) => {
        await this.members.accept(identity.did, history);
        this.announced.push(history);
      },
      clock,
      logger: silentLogger,
      ...change,
    });
    return { identity, ring, rotation };
  }

  /** The authority's proof. @throws Error for a second version of one number */
  async askAuthority(did: string, history: string): Promise<readonly WitnessProof[]> {
    const proof = await witnessDidVersion({ did, history, witnessSeed: this.witnessSeed, clock: this.clock });
    const number = Number(proof.versionId.split('-')[0]);
    if ((this.witnessed.get(number) ?? proof.versionId) !== proof.versionId) throw new Error('Two versions of one number.');
    this.witnessed.set(number, proof.versionId);
    return [proof];
  }
}
