import type { Clock, TransactionRunner } from '@carecord/core';
import { keyedToken } from '@carecord/crypto';
import type { RecoveryCodeStore, StaffAccount, StaffStore, StoredPasskey } from '@carecord/storage';
import { NodeError } from '../failures/node-error.ts';
import type { SessionAudit } from '../sessions/audit-trail.ts';
import { actorOf } from '../sessions/staff-principal.ts';
import type { StaffPrincipal } from '../sessions/staff-principal.ts';
import { newRecoveryCode, normalRecoveryCode } from './codes.ts';
import type { Passkeys } from './passkeys.ts';
import { isTotpCode, newTotpSecret, openTotpSecret, sealTotpSecret, totpEnrolment, totpStepOf } from './totp.ts';

/** What a sign-in can ask for after the password. */
export type SecondFactorMethod = 'totp' | 'passkey' | 'recovery-code';

/** Recovery codes of one set. */
export const RECOVERY_CODES = 10;

/** What {@link SecondFactors} needs from outside. */
export interface SecondFactorDependencies {
  readonly staff: Pick<StaffStore, 'findById' | 'lock' | 'change' | 'takeTotpStep'>;
  readonly recoveryCodes: RecoveryCodeStore;
  readonly passkeys: Passkeys;
  readonly transactions: TransactionRunner;
  readonly audit: SessionAudit;
  readonly clock: Clock;
  readonly sealingKey: Uint8Array;
  /** What an authenticator app shows: the organisation. */
  readonly name: string;
}

/** The factors of an account as its owner sees them. */
export interface OwnFactors {
  readonly totpSince: Date | undefined;
  readonly passkeys: readonly StoredPasskey[];
  readonly recoveryCodesLeft: number;
}

/** One-time codes (RFC 6238) and recovery codes, beside {@link Passkeys}. */
export class SecondFactors {
  constructor(private readonly dependencies: SecondFactorDependencies) {}

  /** What the account must be asked for after its password; empty when it has no second factor. */
  async methodsOf(account: StaffAccount): Promise<SecondFactorMethod[]> {
    const methods: SecondFactorMethod[] = [];
    if (account.totpConfirmedAt !== undefined) methods.push('totp');
    if ((await this.dependencies.passkeys.list(account.id)).length > 0) methods.push('passkey');
    // Alone they are no factor: they only stand in for one.
    if (methods.length > 0 && (await this.dependencies.recoveryCodes.count(account.id)) > 0) methods.push('recovery-code');
    return methods;
  }

  /** What a code is good for: each is taken once. Undefined when it is wrong, or was taken before. */
  async takeCode(account: StaffAccount, code: string): Promise<'totp' | 'recovery-code' | undefined> {
    const text = code.trim();
    if (isTotpCode(text)) return account.totpConfirmedAt !== undefined && (await this.takeTotp(account, text)) ? 'totp' : undefined;
    const recoveryCode = normalRecoveryCode(text);
    if (recoveryCode === undefined || (await this.methodsOf(account)).length === 0) return undefined;
    return (await this.dependencies.recoveryCodes.use(account.id, this.hashOf(account.id, recoveryCode), this.dependencies.clock.now())) ? 'recovery-code' : undefined;
  }

  /** What a person has. */
  async ofOwner(staff: StaffPrincipal): Promise<OwnFactors> {
    const account = await this.dependencies.staff.findById(staff.staffId);
    return {
      totpSince: account?.totpConfirmedAt,
      passkeys: await this.dependencies.passkeys.list(staff.staffId),
      recoveryCodesLeft: await this.dependencies.recoveryCodes.count(staff.staffId),
    };
  }

  /**
   * Begins to set one-time codes up; nothing is asked for until a code has been confirmed. Beginning again replaces what was begun.
   * @throws NodeError `SECOND_FACTOR_STATE` when there are confirmed codes
   */
  async beginTotp(staff: StaffPrincipal): Promise<{ readonly secret: string; readonly uri: string }> {
    const { transactions, sealingKey, name } = this.dependencies;
    const secret = newTotpSecret();
    await transactions.run(async (transaction) => {
      const account = await this.dependencies.staff.lock(transaction, staff.staffId);
      if (account === undefined || account.totpConfirmedAt !== undefined) throw new NodeError('SECOND_FACTOR_STATE', 'One-time codes are set up already: remove them first.');
      await this.dependencies.staff.change(transaction, staff.staffId, { sealedTotp: sealTotpSecret(sealingKey, staff.staffId, secret) });
    });
    return totpEnrolment(secret, { issuer: name, username: staff.username });
  }

  /**
   * Takes the one-time codes into use.
   * @returns fresh recovery codes, shown this once; the old ones are worth nothing any more
   * @throws NodeError `SECOND_FACTOR_STATE` when nothing was begun, `PROOF_REFUSED` when the code is wrong
   */
  async confirmTotp(staff: StaffPrincipal, code: string): Promise<string[]> {
    const { transactions, audit, clock } = this.dependencies;
    const begun = await this.dependencies.staff.findById(staff.staffId);
    if (begun?.sealedTotp === undefined || begun.totpConfirmedAt !== undefined) throw new NodeError('SECOND_FACTOR_STATE', 'Begin to set one-time codes up first.');
    if (!(await this.takeTotp(begun, code.trim()))) throw new NodeError('PROOF_REFUSED', 'The code is not right: take the newest one, and check the clock of the device.');
    return await transactions.run(async (transaction) => {
      const account = await this.dependencies.staff.lock(transaction, staff.staffId);
      const same = account?.sealedTotp !== undefined && begun.sealedTotp !== undefined && Buffer.compare(account.sealedTotp, begun.sealedTotp) === 0;
      if (!same || account.totpConfirmedAt !== undefined) throw new NodeError('SECOND_FACTOR_STATE', 'This was changed meanwhile: begin anew.');
      await this.dependencies.staff.change(transaction, staff.staffId, { totpConfirmedAt: clock.now() });
      const codes = await this.replaceRecoveryCodes(transaction, staff.staffId);
      await audit.append(transaction, { type: 'second-factor-added', outcome: 'success', actor: actorOf(staff), detail: { factor: 'totp' } });
      return codes;
    });
  }

  /** Takes the one-time codes away, and the recovery codes when nothing is left for which they could stand in. @throws NodeError `SECOND_FACTOR_STATE` */
  async removeTotp(staff: StaffPrincipal): Promise<void> {
    const { transactions, audit, passkeys, recoveryCodes, clock } = this.dependencies;
    const hasPasskeys = (await passkeys.list(staff.staffId)).length > 0;
    await transactions.run(async (transaction) => {
      const account = await this.dependencies.staff.lock(transaction, staff.staffId);
      if (account?.sealedTotp === undefined) throw new NodeError('SECOND_FACTOR_STATE', 'There are no one-time codes.');
      await this.dependencies.staff.change(transaction, staff.staffId, { sealedTotp: null, totpConfirmedAt: null });
      if (!hasPasskeys) await recoveryCodes.replace(transaction, staff.staffId, [], clock.now());
      await audit.append(transaction, { type: 'second-factor-removed', outcome: 'success', actor: actorOf(staff), detail: { factor: 'totp' } });
    });
  }

  /** Fresh recovery codes in the place of the old ones. @throws NodeError `SECOND_FACTOR_STATE` without a second factor */
  async newRecoveryCodes(staff: StaffPrincipal): Promise<string[]> {
    const account = await this.dependencies.staff.findById(staff.staffId);
    if (account === undefined || (await this.methodsOf(account)).length === 0) throw new NodeError('SECOND_FACTOR_STATE', 'Set a second factor up first.');
    return await this.dependencies.transactions.run(async (transaction) => {
      const codes = await this.replaceRecoveryCodes(transaction, staff.staffId);
      await this.dependencies.audit.append(transaction, { type: 'second-factor-added', outcome: 'success', actor: actorOf(staff), detail: { factor: 'recovery-codes' } });
      return codes;
    });
  }

  private async replaceRecoveryCodes(transaction: Parameters<RecoveryCodeStore['replace']>[0], staffId: string): Promise<string[]> {
    const codes = Array.from({ length: RECOVERY_CODES }, newRecoveryCode);
    const hashes = codes.map((code) => this.hashOf(staffId, normalRecoveryCode(code) ?? code));
    await this.dependencies.recoveryCodes.replace(transaction, staffId, hashes, this.dependencies.clock.now());
    return codes;
  }

  private async takeTotp(account: StaffAccount, code: string): Promise<boolean> {
    if (account.sealedTotp === undefined) return false;
    const secret = openTotpSecret(this.dependencies.sealingKey, account.id, account.sealedTotp);
    const step = totpStepOf(secret, code, this.dependencies.clock.now());
    return step !== undefined && (await this.dependencies.staff.takeTotpStep(account.id, step));
  }

  private hashOf(staffId: string, recoveryCode: string): Uint8Array {
    return keyedToken(this.dependencies.sealingKey, 'node/recovery-code', staffId, recoveryCode);
  }
}
