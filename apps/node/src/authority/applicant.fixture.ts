import type { Clock } from '@carecord/core';
import { hybridSigner } from '@carecord/crypto';
import type { GeneralJws } from '@carecord/crypto';
import { createHospitalDid, createMembershipApplication, newDidKeys, nextDidKeys, resolveUnwitnessedDid, rotateHospitalDid } from '@carecord/identity';
import type { DidKeys, ResolvedDid } from '@carecord/identity';

/** A hospital that applies, as an authority sees it. */
export class TestApplicant {
  private constructor(
    readonly resolved: ResolvedDid,
    private readonly keys: DidKeys,
    private readonly clock: Clock,
  ) {}

  static async make(clock: Clock, domain = 'a.hospital.example'): Promise<TestApplicant> {
    const keys = newDidKeys();
    const { did, history } = await createHospitalDid({ domain, keys, clock });
    return new TestApplicant(await resolveUnwitnessedDid(did, history, undefined, clock.now()), keys, clock);
  }

  get did(): string {
    return this.resolved.did;
  }

  get history(): string {
    return this.resolved.log;
  }

  /** The same hospital with new keys. Called twice on the same one, it makes two histories of one DID. */
  async rotated(): Promise<TestApplicant> {
    const keys = nextDidKeys(this.keys);
    const { did, history } = await rotateHospitalDid({ current: this.resolved, keys, keepPrevious: true, clock: this.clock });
    return new TestApplicant(await resolveUnwitnessedDid(did, history, undefined, this.clock.now()), keys, this.clock);
  }

  application(audience: string, { name = 'Hospital A', ticket }: { readonly name?: string; readonly ticket?: string } = {}): Promise<GeneralJws> {
    const signer = hybridSigner(this.keys.signing);
    return createMembershipApplication({ subject: this.resolved, signer, name, audience, clock: this.clock, ...(ticket === undefined ? {} : { ticket }) });
  }
}
