import { IdentityError } from '../identity-error.ts';
import { MAX_DID_CHARACTERS } from '../limits.ts';
import { didHttpsFolder } from './did-https-folder.ts';

/** A SHA-256 multihash in base58btc, then where the history lies. */
const DID_WEBVH = /^did:webvh:Qm[1-9A-HJ-NP-Za-km-z]{44}:(.+)$/;

/**
 * Where the files of a did:webvh lie (did:webvh 1.0, "The DID to HTTPS Transformation"), ours beside the standard's. Whether
 * the address may be asked is for the caller to judge: the name may lead anywhere.
 * @throws IdentityError `DID_INVALID`: no did:webvh, or with an IP address, a wrongly encoded port, or a path that leads elsewhere
 */
export function didWebvhUrls(did: string): { readonly log: URL; readonly witness: URL; readonly cosignatures: URL } {
  const location = did.length <= MAX_DID_CHARACTERS ? DID_WEBVH.exec(did)?.[1] : undefined;
  const folder = location === undefined ? undefined : didHttpsFolder(location);
  if (folder === undefined) throw new IdentityError('DID_INVALID', 'Not a did:webvh, or one without a host name that can be asked.');
  return { log: new URL(`${folder}/did.jsonl`), witness: new URL(`${folder}/did-witness.json`), cosignatures: new URL(`${folder}/did-cosignatures.json`) };
}
