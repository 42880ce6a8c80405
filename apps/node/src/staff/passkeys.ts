import { generateAuthenticationOptions, generateRegistrationOptions, verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server';
import type { AuthenticationResponseJSON, PublicKeyCredentialCreationOptionsJSON, PublicKeyCredentialRequestOptionsJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import { z } from 'zod';
import type { Clock, TransactionRunner } from '@carecord/core';
import { fromBase64Url, toBase64Url } from '@carecord/core';
import type { PasskeyStore, StaffAccount, StoredPasskey } from '@carecord/storage';
import { NodeError } from '../failures/node-error.ts';
import type { SessionAudit } from '../sessions/audit-trail.ts';
import type { SignInChallenges } from '../sessions/sign-in-challenges.ts';
import { CHALLENGE_MILLISECONDS } from '../sessions/sign-in-challenges.ts';
import { actorOf } from '../sessions/staff-principal.ts';
import type { StaffPrincipal } from '../sessions/staff-principal.ts';
import { challengeOf, withoutAttestation } from './passkey-response.ts';
import type { AssertionResponse, RegistrationResponse } from './passkey-response.ts';

/** COSE algorithms (IANA): EdDSA, ES256, and RS256 for older Windows Hello. */
const ALGORITHMS = [-8, -7, -257];
/** A person's phone, computer and security keys. */
export const MAX_PASSKEYS = 20;
/** WebAuthn, section 5.8.1. */
const MAX_CREDENTIAL_ID_BYTES = 1023;

/** For which web pages passkeys are good. */
export interface RelyingParty {
  /** The domain, without scheme and port. */
  readonly relyingPartyId: string;
  /** The pages that may ask, e.g. `https://records.a.hospital.example`. */
  readonly origins: readonly string[];
}

/** What {@link Passkeys} needs from outside. */
export interface PasskeyDependencies {
  readonly passkeys: PasskeyStore;
  readonly challenges: SignInChallenges;
  readonly transactions: TransactionRunner;
  readonly audit: SessionAudit;
  readonly clock: Clock;
  readonly webAuthn: RelyingParty;
  /** What the browser shows: the organisation. */
  readonly name: string;
}

/** WebAuthn (Level 3) credentials of staff: user verification always, and discoverable, so that nobody types a user name. */
export class Passkeys {
  constructor(private readonly dependencies: PasskeyDependencies) {}

  /** Options for `navigator.credentials.create()`. @throws NodeError `SECOND_FACTOR_STATE` above {@link MAX_PASSKEYS} */
  async beginRegistration(staff: StaffPrincipal): Promise<PublicKeyCredentialCreationOptionsJSON> {
    const { passkeys, challenges, webAuthn, name } = this.dependencies;
    const existing = await passkeys.listOfStaff(staff.staffId);
    if (existing.length >= MAX_PASSKEYS) throw new NodeError('SECOND_FACTOR_STATE', `You have ${MAX_PASSKEYS} passkeys: delete one first.`);
    const challenge = await challenges.begin('passkey-registration', {}, { staffId: staff.staffId });
    return await generateRegistrationOptions({
      rpName: name,
      rpID: webAuthn.relyingPartyId,
      userID: Uint8Array.from(Buffer.from(staff.staffId, 'utf8')),
      userName: staff.username,
      challenge: Uint8Array.from(fromBase64Url(challenge)),
      timeout: CHALLENGE_MILLISECONDS,
      attestationType: 'none',
      excludeCredentials: existing.map(({ credentialId, transports }) => ({ id: toBase64Url(credentialId), transports: [...transports] })),
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      supportedAlgorithmIDs: ALGORITHMS,
    });
  }

  /**
   * Takes a new passkey on.
   * @throws NodeError `SIGN_IN_EXPIRED`, `PASSKEY_REFUSED`
   */
  async finishRegistration(staff: StaffPrincipal, response: RegistrationResponse, label: string): Promise<StoredPasskey> {
    const { passkeys, challenges, transactions, audit, clock, webAuthn } = this.dependencies;
    const challenge = challengeOf(response);
    const taken = challenge === undefined ? undefined : await challenges.take('passkey-registration', challenge, z.object({}));
    if (challenge === undefined || taken?.staffId !== staff.staffId) throw new NodeError('SIGN_IN_EXPIRED', 'This registration is over: begin anew.');
    const attestationObject = withoutAttestation(response.response.attestationObject);
    if (attestationObject === undefined) throw new NodeError('PASSKEY_REFUSED', 'This is no passkey.');
    const verified = await verifyRegistrationResponse({
      response: registrationOf(response, attestationObject),
      expectedChallenge: challenge,
      expectedOrigin: [...webAuthn.origins],
      expectedRPID: webAuthn.relyingPartyId,
      requireUserVerification: true,
      supportedAlgorithmIDs: ALGORITHMS,
    }).catch(() => undefined);
    const credential = verified?.registrationInfo?.credential;
    const credentialId = credential === undefined ? undefined : fromBase64Url(credential.id);
    if (credential === undefined || credentialId === undefined || credentialId.length > MAX_CREDENTIAL_ID_BYTES) {
      throw new NodeError('PASSKEY_REFUSED', 'This passkey cannot be taken on: it is not for this site, or did not verify you.');
    }
    const passkey: StoredPasskey = {
      credentialId,
      staffId: staff.staffId,
      publicKey: credential.publicKey,
      signCount: credential.counter,
      transports: response.response.transports ?? [],
      label,
      createdAt: clock.now(),
    };
    await transactions.run(async (transaction) => {
      if ((await passkeys.insert(transaction, passkey)) === 'taken') throw new NodeError('PASSKEY_REFUSED', 'This passkey is registered already.');
      await audit.append(transaction, { type: 'second-factor-added', outcome: 'success', actor: actorOf(staff), detail: { factor: 'passkey' } });
    });
    return passkey;
  }

  /**
   * Options for `navigator.credentials.get()`.
   * @param passkeys whose passkeys are good; none: whatever the person has for this site
   */
  async requestOptions(challenge: string, passkeys: readonly StoredPasskey[] = []): Promise<PublicKeyCredentialRequestOptionsJSON> {
    return await generateAuthenticationOptions({
      rpID: this.dependencies.webAuthn.relyingPartyId,
      challenge: Uint8Array.from(fromBase64Url(challenge)),
      timeout: CHALLENGE_MILLISECONDS,
      userVerification: 'required',
      ...(passkeys.length === 0 ? {} : { allowCredentials: passkeys.map(({ credentialId, transports }) => ({ id: toBase64Url(credentialId), transports: [...transports] })) }),
    });
  }

  /** The passkeys of a person, oldest first. */
  async list(staffId: string): Promise<StoredPasskey[]> {
    return await this.dependencies.passkeys.listOfStaff(staffId);
  }

  /**
   * Whose passkey answered the challenge, which the caller has taken: undefined when the answer does not hold. A use is noted, so
   * that the authenticator's count must go up (a copied key is found out by it).
   */
  async verify(response: AssertionResponse, challenge: string): Promise<StoredPasskey | undefined> {
    const { passkeys, clock, webAuthn } = this.dependencies;
    const passkey = await passkeys.find(fromBase64Url(response.id));
    if (passkey === undefined || challengeOf(response) !== challenge) return undefined;
    // Who the authenticator says it is (it must say so when no user name was given) and whose key we know must be one.
    const { userHandle } = response.response;
    if (userHandle != null && Buffer.from(fromBase64Url(userHandle)).toString('utf8') !== passkey.staffId) return undefined;
    const verified = await verifyAuthenticationResponse({
      response: assertionOf(response),
      expectedChallenge: challenge,
      expectedOrigin: [...webAuthn.origins],
      expectedRPID: webAuthn.relyingPartyId,
      requireUserVerification: true,
      credential: { id: toBase64Url(passkey.credentialId), publicKey: Uint8Array.from(passkey.publicKey), counter: passkey.signCount, transports: [...passkey.transports] },
    }).catch(() => undefined);
    if (verified?.verified !== true) return undefined;
    const noted = await passkeys.noteUse(passkey.credentialId, { from: passkey.signCount, to: verified.authenticationInfo.newCounter, at: clock.now() });
    return noted ? passkey : undefined;
  }

  /** Whether the answer holds and is of a passkey of this account. */
  async verifyOf(account: Pick<StaffAccount, 'id'>, response: AssertionResponse, challenge: string): Promise<boolean> {
    const known = await this.dependencies.passkeys.find(fromBase64Url(response.id));
    return known?.staffId === account.id && (await this.verify(response, challenge)) !== undefined;
  }

  /** Deletes a passkey of this person. @throws NodeError `NOT_FOUND` */
  async remove(staff: StaffPrincipal, credentialId: Uint8Array): Promise<void> {
    const { passkeys, transactions, audit } = this.dependencies;
    await transactions.run(async (transaction) => {
      if (!(await passkeys.remove(transaction, staff.staffId, credentialId))) throw new NodeError('NOT_FOUND', 'You have no passkey with this id.');
      await audit.append(transaction, { type: 'second-factor-removed', outcome: 'success', actor: actorOf(staff), detail: { factor: 'passkey' } });
    });
  }
}

function registrationOf({ id, rawId, type, response }: RegistrationResponse, attestationObject: string): RegistrationResponseJSON {
  return { id, rawId, type, clientExtensionResults: {}, response: { clientDataJSON: response.clientDataJSON, attestationObject } };
}

function assertionOf({ id, rawId, type, response }: AssertionResponse): AuthenticationResponseJSON {
  const { clientDataJSON, authenticatorData, signature } = response;
  return { id, rawId, type, clientExtensionResults: {}, response: { clientDataJSON, authenticatorData, signature } };
}
