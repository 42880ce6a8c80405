import { ed25519Signer, verifyEd25519 } from '@carecord/crypto';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import type { Ed25519PrivateKey, PeerId } from '@libp2p/interface';
import { peerIdFromPrivateKey, peerIdFromString } from '@libp2p/peer-id';

/** The key that a PeerId stands for. */
export interface PeerKey {
  readonly privateKey: Ed25519PrivateKey;
  readonly peerId: PeerId;
  sign(message: Uint8Array): Promise<Uint8Array>;
}

/** @param seed 32 bytes */
export async function peerKeyFromSeed(seed: Uint8Array): Promise<PeerKey> {
  const privateKey = await generateKeyPairFromSeed('Ed25519', seed);
  // libp2p would read its key in anew for each signature.
  const signer = ed25519Signer(seed);
  return {
    privateKey,
    peerId: peerIdFromPrivateKey(privateKey),
    sign: (message) => Promise.resolve(signer.sign(message)),
  };
}

/** Whether the signature was made by the Ed25519 key that is embedded in the PeerId; false also for any other text or key. */
export function verifyPeerSignature(peerId: string, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  try {
    const parsed = peerIdFromString(peerId);
    return Promise.resolve(parsed.type === 'Ed25519' && verifyEd25519(parsed.publicKey.raw, message, signature));
  } catch {
    return Promise.resolve(false);
  }
}
