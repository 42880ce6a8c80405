import { createHash } from 'node:crypto';
import { ml_kem768_x25519 } from '@noble/post-quantum/hybrid.js';
import { LabeledDerive } from 'hpke';
import type { KEM, Key } from 'hpke';
import { plain } from './framing.ts';

/** The code point of MLKEM768-X25519 (draft-ietf-hpke-pq), and the lengths of what it makes, in bytes. */
const KEM_ID = 0x647a;
const SECRET_BYTES = 32;
const ENCAPSULATED_BYTES = 1120;
const PUBLIC_KEY_BYTES = 1216;
const SEED_BYTES = 32;

const NAME = 'MLKEM768-X25519';
const SUITE_ID = Uint8Array.of(...Buffer.from('KEM', 'ascii'), KEM_ID >> 8, KEM_ID & 0xff);

/** A key of this KEM: the bytes that go over the wire, or the seed. */
interface NobleKey extends Key {
  readonly bytes: Uint8Array;
}

const publicKeyOf = (bytes: Uint8Array): NobleKey => ({ algorithm: { name: NAME }, extractable: true, type: 'public', bytes });
const privateKeyOf = (seed: Uint8Array, extractable: boolean): NobleKey => ({ algorithm: { name: NAME }, extractable, type: 'private', bytes: seed });

/** SHAKE256 as HPKE's one-stage key derivation; every OpenSSL has it. */
const shake256 = {
  Derive: (ikm: Uint8Array, length: number): Promise<Uint8Array> => Promise.resolve(plain(createHash('shake256', { outputLength: length }).update(ikm).digest())),
};

function checkedLength(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length !== length) throw new RangeError('A key or an encapsulated secret has the wrong length.');
  // noble keeps views of what it is given.
  return Uint8Array.from(bytes);
}

/** HPKE's KEM MLKEM768-X25519 (0x647a) on noble: the same keys from the same seeds, and the same bytes on the wire. */
export function nobleRecipientKem(): KEM<NobleKey> {
  const deriveKeyPair = async (ikm: Uint8Array, extractable: boolean): Promise<{ publicKey: NobleKey; privateKey: NobleKey }> => {
    const seed = await LabeledDerive(shake256, SUITE_ID, ikm, Buffer.from('DeriveKeyPair', 'ascii'), new Uint8Array(), SEED_BYTES);
    return { publicKey: publicKeyOf(ml_kem768_x25519.keygen(seed).publicKey), privateKey: privateKeyOf(seed, extractable) };
  };
  return {
    id: KEM_ID,
    type: 'KEM',
    name: NAME,
    Nsecret: SECRET_BYTES,
    Nenc: ENCAPSULATED_BYTES,
    Npk: PUBLIC_KEY_BYTES,
    Nsk: SEED_BYTES,
    DeriveKeyPair: deriveKeyPair,
    GenerateKeyPair: (extractable) => deriveKeyPair(crypto.getRandomValues(new Uint8Array(SEED_BYTES)), extractable),
    SerializePublicKey: ({ bytes }) => Promise.resolve(Uint8Array.from(bytes)),
    DeserializePublicKey: async (bytes) => Promise.resolve(publicKeyOf(checkedLength(bytes, PUBLIC_KEY_BYTES))),
    SerializePrivateKey: ({ bytes }) => Promise.resolve(Uint8Array.from(bytes)),
    DeserializePrivateKey: async (bytes, extractable) => Promise.resolve(privateKeyOf(checkedLength(bytes, SEED_BYTES), extractable)),
    Encap: async ({ bytes }) => {
      const { sharedSecret, cipherText } = ml_kem768_x25519.encapsulate(bytes);
      return Promise.resolve({ shared_secret: sharedSecret, enc: cipherText });
    },
    Decap: async (encapsulated, { bytes }) => Promise.resolve(ml_kem768_x25519.decapsulate(checkedLength(encapsulated, ENCAPSULATED_BYTES), bytes)),
  };
}
