/**
 * Who a hospital is (its DID), whether it belongs to the network (its membership credential), and the proof of both on one
 * connection (the membership handshake). Private keys come from outside: a node's from its key ring; tools and tests, which have
 * none, take `newDidKeys()` and, to rotate, `nextDidKeys(keys)`.
 *
 * @example
 * const keys = newDidKeys();
 * const created = await createHospitalDid({ domain: 'a.hospital.example', keys, clock: systemClock });
 * // A DID with a witness rule is to be witnessed first: addWitnessProofs(created.history, proofs).
 * const resolved = await resolveDidHistory(created.did, created.history);
 * const signer = hybridSigner(keys.signing);
 * const application = await createMembershipApplication({ subject: resolved, signer, name, ticket, audience, clock: systemClock });
 * // Each authority answers with a credential and its status list; with enough of them the hospital joins:
 * const local = { networkId, resolved, credentials, statusLists, signer };
 * const statuses = new StatusBook({ trust, store, clock: systemClock });
 * const remote = await runMembershipHandshake(channel, binding, local, { clock: systemClock, trust, statuses, histories });
 * statuses.standing(remote.membership, systemClock.now());
 */
export { verifyJwsWithAnyKey, verifyWithAnyKey } from './accepted-keys.ts';
export { credentialProblems, issuerOf } from './credentials/data-model.ts';
export { envelopeOf, verifyEnvelopedCredential } from './credentials/enveloped-credential.ts';
export { vcJwtIssuer } from './credentials/vc-jwt.ts';
export { recipientKeyId } from './did/did-document.ts';
export { witnessProofSchema } from './did/did-entries.ts';
export { historyFromFiles, publishedFiles } from './did/did-files.ts';
export { DidHistories } from './did/did-histories.ts';
export { resolveDidHistory, resolveUnwitnessedDid, verifyDidWebvh } from './did/did-history.ts';
export { newDidKeys, nextDidKeys } from './did/did-keys.ts';
export { MEMBER_POLICY } from './did/did-policy.ts';
export { aliasDocument } from './did/did-web-alias.ts';
export { addWitnessProofs } from './did/did-witness.ts';
export { createHospitalDid, rotateHospitalDid } from './did/hospital-did.ts';
export { didKeyOf } from './did/multikey.ts';
export { witnessDidVersion } from './did/witness-did-version.ts';
export { KnownEvidence } from './handshake/evidence.ts';
export { runMembershipHandshake } from './handshake/handshake.ts';
export { IdentityError } from './identity-error.ts';
export { CLOCK_SKEW_MILLISECONDS, MAX_DID_CHARACTERS, MAX_DID_HISTORY_BYTES, MAX_PEER_ID_CHARACTERS } from './limits.ts';
export { fixedIdentity } from './local-identity.ts';
export { MAX_CREDENTIALS, verifyMembership } from './membership/membership.ts';
export { createMembershipApplication, verifyMembershipApplication } from './membership/membership-application.ts';
export { issueMembershipCredential, MAX_CREDENTIAL_BYTES } from './membership/membership-credential.ts';
export { issueNetworkDescription, verifyNetworkDescription } from './network/network-description.ts';
export { parseNetworkFile } from './network/network-file.ts';
export { guardianMistake, guardianShape, MAX_GUARDIANS } from './network/network-shape.ts';
export { fixedTrust } from './network/network-trust.ts';
export { DidResolution } from './resolution/did-resolution.ts';
export { HttpsDidSource } from './resolution/https-did-source.ts';
export { didSchema, memberNameSchema, networkIdSchema } from './schemas.ts';
export { StatusBook } from './status/status-book.ts';
export { issueStatusList, MAX_STATUS_LIST_BYTES, readStatusList, verifyStatusList } from './status/status-list.ts';
export type { DataModelProblem } from './credentials/data-model.ts';
export type { CredentialErrorName, CredentialVerdict, EnvelopedCredential } from './credentials/enveloped-credential.ts';
export type { VcJwtIssuer } from './credentials/vc-jwt.ts';
export type { DidService } from './did/did-document.ts';
export type { DidHistory, WitnessProof } from './did/did-entries.ts';
export type { DidFiles } from './did/did-files.ts';
export type { DidSource } from './did/did-histories.ts';
export type { ResolvedDid, VerifiedDidWebvh } from './did/did-history.ts';
export type { DidKeys } from './did/did-keys.ts';
export type { DidPolicy, WitnessRule } from './did/did-policy.ts';
export type { UnwitnessedDid } from './did/hospital-did.ts';
export type { HandshakePolicy, RemoteMember } from './handshake/handshake.ts';
export type { HandshakeErrorCode, IdentityErrorCode } from './identity-error.ts';
export type { LocalIdentity, LocalMember } from './local-identity.ts';
export type { Membership, MembershipStanding } from './membership/membership.ts';
export type { Applicant, MembershipApplication } from './membership/membership-application.ts';
export type { ClaimedCredential, CredentialStatus, MemberRole, MembershipClaims } from './membership/membership-credential.ts';
export type { NetworkDescription } from './network/network-description.ts';
export type { NetworkFile } from './network/network-file.ts';
export type { GuardianSet, NetworkAuthority } from './network/network-shape.ts';
export type { NetworkTrust } from './network/network-trust.ts';
export type { DidHistoryStore, HandshakeBinding, HandshakeChannel, RememberedDid, StatusListStore, StoredStatusList } from './ports.ts';
export type { DidResolutionDependencies } from './resolution/did-resolution.ts';
export type { DocumentFetcher, MemberDids } from './resolution/ports.ts';
export type { DidResolutionErrorCode, DidResolutionResult } from './resolution/result.ts';
export type { MemberStatus } from './status/status-book.ts';
export type { ClaimedStatusList, StatusEntry, StatusList } from './status/status-list.ts';
