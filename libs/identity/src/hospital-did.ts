import type { Clock } from '@carecord/core';
import { ed25519PublicKey, hybridSigner, recipientPublicKey, signEd25519 } from '@carecord/crypto';
import { createDID, MultibaseEncoding, multibaseEncode, prepareDataForSigning } from 'didwebvh-ts';
import type { Signer } from 'didwebvh-ts';
import { ed25519Multikey, hospitalDocument } from './did-document.ts';
import { proofVerifier, resolveDidLog } from './did-log.ts';
import type { ResolvedDid } from './did-log.ts';
import { IdentityError } from './identity-error.ts';
import type { HospitalKeySeeds } from './key-seeds.ts';

/** RFC 1123 host names in lower case, of at least two labels: what may stand in a DID of ours. No port: it would be part of the identity. */
const HOST_NAME = /^(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/**
 * Creates a hospital's DID (did:webvh 1.0): the first entry of its history, proven by the update key.
 * @param options.domain the host name in the DID, such as `a.hospital.example`; nothing is fetched from it
 * @throws IdentityError `DID_DOMAIN_INVALID`
 */
export async function createHospitalDid(options: {
  readonly domain: string;
  readonly seeds: HospitalKeySeeds;
  readonly clock: Clock;
}): Promise<ResolvedDid> {
  const { domain, seeds, clock } = options;
  if (!HOST_NAME.test(domain)) throw new IdentityError('DID_DOMAIN_INVALID', 'The domain of a hospital is a host name in lower case, without port or path.');
  const updateKey = ed25519Multikey(ed25519PublicKey(seeds.update));
  const { did, log } = await createDID({
    domain,
    signer: proofSigner(seeds.update, updateKey),
    verifier: proofVerifier,
    updateKeys: [updateKey],
    didDocument: hospitalDocument(`did:webvh:{SCID}:${domain}`, hybridSigner(seeds.signing).publicKeys, await recipientPublicKey(seeds.recipient)),
    // The method has times in whole seconds.
    created: clock.now().toISOString().replace(/\.\d+Z$/, 'Z'),
  });
  return await resolveDidLog(did, log.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
}

/** Data Integrity EdDSA, eddsa-jcs-2022, with the key named as a did:key. */
function proofSigner(seed: Uint8Array, multikey: string): Signer {
  return {
    getVerificationMethodId: () => `did:key:${multikey}#${multikey}`,
    sign: async ({ document, proof }) => ({
      proofValue: multibaseEncode(signEd25519(seed, await prepareDataForSigning(document, proof)), MultibaseEncoding.BASE58_BTC),
    }),
  };
}
