/**
 * Who a hospital is (its DID), whether it belongs to the network (its membership credential), and the proof of both on one
 * connection (the membership handshake).
 *
 * @example
 * const seeds = generateHospitalKeySeeds();
 * const resolved = await createHospitalDid({ domain: 'a.hospital.example', seeds, clock: systemClock });
 * const signer = hybridSigner(seeds.signing);
 * const application = await createMembershipApplication({ subject: resolved, signer, name, ticket, audience, clock: systemClock });
 * // The authority answers with a credential; with it the hospital joins:
 * const remote = await runMembershipHandshake(channel, binding, { networkId, resolved, credential, signer }, { clock: systemClock, authority });
 */
export { resolveDidLog } from './did-log.ts';
export { runMembershipHandshake } from './handshake/handshake.ts';
export { createHospitalDid } from './hospital-did.ts';
export { IdentityError } from './identity-error.ts';
export { decodeKeySeeds, encodeKeySeeds, generateHospitalKeySeeds } from './key-seeds.ts';
export { CLOCK_SKEW_MILLISECONDS, MAX_PEER_ID_CHARACTERS } from './limits.ts';
export { createMembershipApplication, verifyMembershipApplication } from './membership-application.ts';
export { issueMembershipCredential, verifyMembershipCredential } from './membership-credential.ts';
export { issueNetworkDescription, verifyNetworkDescription } from './network-description.ts';
export { didSchema, memberNameSchema, networkIdSchema } from './schemas.ts';
export type { ResolvedDid } from './did-log.ts';
export type { HandshakePolicy, LocalMember, RemoteMember } from './handshake/handshake.ts';
export type { HandshakeErrorCode, IdentityErrorCode } from './identity-error.ts';
export type { HospitalKeySeeds } from './key-seeds.ts';
export type { Membership, MemberRole } from './membership-credential.ts';
export type { NetworkDescription } from './network-description.ts';
export type { HandshakeBinding, HandshakeChannel } from './ports.ts';
