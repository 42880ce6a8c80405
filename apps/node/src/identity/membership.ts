import type { Clock, Logger, TransactionRunner } from '@carecord/core';
import { errorCodeOf, later } from '@carecord/core';
import type { GeneralJws } from '@carecord/crypto';
import { generalJwsSchema } from '@carecord/crypto';
import { createMembershipApplication, IdentityError, resolveUnwitnessedDid, verifyMembership, witnessProofSchema } from '@carecord/identity';
import type { Membership, StatusBook, WitnessProof } from '@carecord/identity';
import type { MembershipState, SettingStore } from '@carecord/storage';
import { z } from 'zod';
import type { AdmissionTickets } from '../config/admission-tickets.ts';
import { NodeError } from '../failures/node-error.ts';
import type { AuthorityClient } from './authority-client.ts';
import type { AuthorityTrust } from './authority-trust.ts';
import type { NodeIdentity } from './node-identity.ts';
import { readJsonSetting } from './settings.ts';
import { isProofOf, withProofs } from './witness-proofs.ts';

const MEMBERSHIP_SETTING = 'identity.memberships';
/** Renewed when a third of its time is left: a month in which authorities may be away. */
const RENEW_BEFORE_MILLISECONDS = 30 * 24 * 60 * 60_000;

const storedSchema = z.record(
  z.string(),
  z.strictObject({ credential: generalJwsSchema, witnessProof: witnessProofSchema.optional() }),
);
/** What an authority gave us. */
interface Given {
  readonly credential: GeneralJws;
  readonly witnessProof?: WitnessProof | undefined;
}
/** By the authority's DID. */
type Stored = Readonly<Record<string, Given>>;

/** How our application stands with one authority. */
export interface ApplicationState {
  readonly authority: string;
  readonly state: MembershipState | 'unreachable' | 'refused-application';
}

/** What a hospital's membership is made of. */
export interface HospitalMembershipOptions {
  readonly identity: NodeIdentity;
  readonly name: string;
  readonly trust: AuthorityTrust;
  readonly statuses: StatusBook;
  readonly clients: ReadonlyMap<string, AuthorityClient>;
  readonly tickets: AdmissionTickets;
  readonly settings: SettingStore;
  readonly transactions: TransactionRunner;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** This node's own membership: applies for it, keeps it, renews it. */
export class HospitalMembership {
  private verified: Membership | undefined;

  constructor(private readonly options: HospitalMembershipOptions) {}

  /** The membership that stands. @throws NodeError `NOT_ADMITTED` */
  get membership(): Membership {
    if (this.verified === undefined) throw new NodeError('NOT_ADMITTED', 'This hospital is not a member of the network yet.');
    return this.verified;
  }

  /**
   * Makes this node a member: with the credentials that it has, else by applying to the authorities that gave none yet.
   * @returns whether it was admitted just now
   * @throws NodeError `ADMISSION_PENDING`, `ADMISSION_REFUSED`, `AUTHORITY_UNREACHABLE`
   */
  async join(): Promise<boolean> {
    if (await this.useStored()) return false;
    const states = await this.apply();
    if (await this.useStored()) return true;
    const { threshold, witnessThreshold } = this.options.trust.file;
    throw notAdmitted(states, Math.max(threshold, witnessThreshold));
  }

  /**
   * Applies to every authority that has given no credential that is good for a while. Admitted members renew theirs in this way.
   * @throws NodeError `CLOCK_SKEW` when so many authorities have another time that ours must be wrong: a few of them may lie
   */
  async apply(): Promise<readonly ApplicationState[]> {
    const { identity, trust } = this.options;
    const { authorities, threshold } = trust.file;
    const stored = await this.stored();
    const states: ApplicationState[] = [];
    const skews: NodeError[] = [];
    for (const { did: authority } of authorities) {
      if (authority === identity.did) continue;
      const given = stored[authority];
      const isGood = given !== undefined && (await this.isFresh(given)) && (await this.isWitness(given));
      states.push({ authority, state: isGood ? 'admitted' : await this.applyTo(authority, skews) });
    }
    if (skews[0] !== undefined && authorities.length - skews.length < threshold) throw skews[0];
    return states;
  }

  /** Renews what runs out, and takes it into use; for a job that runs now and then. */
  async renew(): Promise<void> {
    await this.apply();
    await this.useStored();
  }

  /** Takes a credential that came in another way, such as an authority's own. */
  async keep(authority: string, given: Given): Promise<void> {
    await this.options.transactions.run(async (transaction) => {
      const stored = (await readJsonSetting(this.options.settings, MEMBERSHIP_SETTING, storedSchema, transaction)) ?? {};
      await this.options.settings.write(MEMBERSHIP_SETTING, JSON.stringify({ ...stored, [authority]: { ...stored[authority], ...given } }), transaction);
    });
  }

  /** Takes the stored credentials into use, if they are enough. */
  async useStored(): Promise<boolean> {
    const { identity, trust, statuses, clock, logger } = this.options;
    const stored = await this.stored();
    // Others pass over what authorities say that are no longer of the network.
    const given = trust.file.authorities.flatMap(({ did }) => stored[did] ?? []);
    await this.completeDid(given);
    const credentials = await this.believable(given);
    try {
      this.verified = await verifyMembership(credentials, { trust, subject: identity.did, now: clock.now() });
    } catch (error) {
      if (!(error instanceof IdentityError)) throw error;
      if (given.length > 0) logger.warn('membership-not-usable', { code: error.code });
      return false;
    }
    if (!identity.isWitnessed) return false;
    identity.useMembership(credentials, () => statuses.lists());
    return true;
  }

  /** @param skews takes up that the authority has another time */
  private async applyTo(authority: string, skews: NodeError[]): Promise<ApplicationState['state']> {
    const { clients, logger } = this.options;
    const client = clients.get(authority);
    if (client === undefined) return 'unreachable';
    try {
      const { state, credential, witnessProof } = await client.apply(await this.application(authority));
      if (credential === undefined) return state;
      const given = { credential, ...(witnessProof === undefined ? {} : { witnessProof }) };
      await this.keep(authority, (await this.isWitness(given)) ? given : { credential, witnessProof: await this.askWitness(client) });
      return state;
    } catch (error) {
      if (!(error instanceof NodeError)) throw error;
      if (error.code === 'CLOCK_SKEW') skews.push(error);
      logger.warn('application-failed', { authority, code: error.code }, error);
      return error.code === 'ADMISSION_REFUSED' ? 'refused-application' : 'unreachable';
    }
  }

  private application(authority: string): Promise<GeneralJws> {
    const { identity, name, tickets, clock } = this.options;
    const ticket = tickets.for(authority);
    return createMembershipApplication({ subject: identity.applicant(), signer: identity.applicant().signer, name, audience: authority, clock, ...(ticket === undefined ? {} : { ticket }) });
  }

  /** A version of our DID counts once its witnesses have signed it. */
  private async completeDid(given: readonly Given[]): Promise<void> {
    const { identity } = this.options;
    if (identity.isWitnessed) return;
    const proofs = given.flatMap(({ witnessProof }) => (witnessProof === undefined ? [] : [witnessProof]));
    try {
      await identity.complete(withProofs(identity.record.history, proofs));
    } catch (error) {
      if (errorCodeOf(error) !== 'DID_WITNESSES_MISSING') throw error;
    }
  }

  /** Whether our DID lacks nothing from an authority: a proof of its present version, as long as it is not witnessed. */
  private async isWitness({ witnessProof }: Given): Promise<boolean> {
    const { identity, trust, clock } = this.options;
    if (identity.isWitnessed || trust.file.witnessThreshold === 0) return true;
    if (witnessProof === undefined) return false;
    const { did, history } = identity.record;
    const { versionId } = await resolveUnwitnessedDid(did, history, undefined, clock.now());
    return witnessProof.versionId === versionId && isProofOf(history, witnessProof);
  }

  private askWitness(client: AuthorityClient): Promise<WitnessProof> {
    const { did, history } = this.options.identity.record;
    return client.witness(did, history);
  }

  /** Whether a credential is good for a while, by the authority's keys of today. */
  private async isFresh({ credential }: Given): Promise<boolean> {
    const alone = await this.verifyAlone(credential);
    return alone !== undefined && alone.validUntil > later(this.options.clock.now(), RENEW_BEFORE_MILLISECONDS);
  }

  /**
   * The credentials that others can verify. What else an authority may have given is not shown: it helps nobody, and one that is too
   * large for a handshake would make every handshake fail.
   */
  private async believable(given: readonly Given[]): Promise<readonly GeneralJws[]> {
    const credentials: GeneralJws[] = [];
    for (const { credential } of given) if ((await this.verifyAlone(credential)) !== undefined) credentials.push(credential);
    return credentials;
  }

  /** What one credential says by itself; undefined when it proves nothing. */
  private async verifyAlone(credential: GeneralJws): Promise<Membership | undefined> {
    const { identity, trust, clock } = this.options;
    const { networkId, statusMaxAgeMilliseconds } = trust;
    const alone = { networkId, statusMaxAgeMilliseconds, threshold: 1, authorities: () => trust.authorities() };
    try {
      return await verifyMembership([credential], { trust: alone, subject: identity.did, now: clock.now() });
    } catch (error) {
      if (error instanceof IdentityError) return undefined;
      throw error;
    }
  }

  private async stored(): Promise<Stored> {
    return (await readJsonSetting(this.options.settings, MEMBERSHIP_SETTING, storedSchema)) ?? {};
  }
}

/** The sentence for the operator. @param needed so many authorities must admit the hospital and witness its DID */
function notAdmitted(states: readonly ApplicationState[], needed: number): NodeError {
  const having = (...wanted: ApplicationState['state'][]): number => states.filter(({ state }) => wanted.includes(state)).length;
  const [admitted, pending, unreachable, ended] = [having('admitted'), having('pending'), having('unreachable'), having('suspended', 'revoked')];
  const counts = `${admitted} of the ${needed} authorities that are needed have admitted this hospital`;
  if (admitted >= needed) return new NodeError('AUTHORITY_ANSWER_INVALID', `${counts}, but what they gave does not prove it by the network file: ask for the present file.`);
  if (admitted + pending >= needed) return new NodeError('ADMISSION_PENDING', `${counts}, ${pending} have not decided yet: start the node again once they have ("carecord authority admit").`);
  if (admitted + pending + unreachable >= needed) return new NodeError('AUTHORITY_UNREACHABLE', `${counts}, ${unreachable} do not answer: start the node again when they do.`);
  if (ended > 0) return new NodeError('ADMISSION_REFUSED', `${counts}, and ${ended} have suspended or ended its membership: ask them why.`);
  return new NodeError('ADMISSION_REFUSED', `${counts}, and the others refused it: ask them why, or for a ticket, and name that in CARECORD_ADMISSION_TICKET_FILE.`);
}
