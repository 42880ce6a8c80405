import {
  contentIdOf,
  generateRecipientSeed,
  generateSigningSeeds,
  hybridSigner,
  open,
  openFrom,
  randomKey,
  randomNonce,
  recipientPublicKey,
  seal,
  sealTo,
  signWithContext,
  verifyWithContext,
} from '@carecord/crypto';
import { newPolynomial, shareOf } from '../../libs/locator/src/guardians/dealing.ts';
import { blindInputs, combineTags, evaluateBlinded, publicImage, verifyEvaluation } from '../../libs/locator/src/oprf.ts';

/** What the cryptography of each step costs alone, in one thread, for a patient of 100 resources. */
export interface PrimitiveCosts {
  readonly admitOneMilliseconds: number;
  readonly locateMilliseconds: number;
  readonly releaseMilliseconds: number;
  readonly openedMilliseconds: number;
}

const RESOURCES = 100;
const ROUNDS = 50;

/**
 * Measures the primitives that the exchange cannot do without.
 * @param resourceBytes the mean size of a resource
 */
export async function measurePrimitives(resourceBytes: number): Promise<PrimitiveCosts> {
  const plaintext = randomNonce(Math.round(resourceBytes));
  const [patientKey, grantKey] = [randomKey(), randomKey()];
  const signer = hybridSigner(generateSigningSeeds());
  const recipientSeed = generateRecipientSeed();
  const recipient = await recipientPublicKey(recipientSeed);
  const info = randomNonce(32);
  const message = randomNonce(2_048);
  // Two of three guardians, as in the local network; they evaluate at the same time, but here in one thread.
  const polynomial = newPolynomial(2);
  const guardians = [1, 2].map((index) => ({ index, share: shareOf(polynomial, index) })).map((guardian) => ({ ...guardian, publicShare: publicImage(guardian.share) }));
  const identifier = randomNonce(40);

  const dataKey = randomKey();
  const wrapped = seal(patientKey, dataKey, 'bench/wrap');
  const ciphertext = seal(dataKey, plaintext, 'bench/record');
  const signature = await signWithContext(signer, 'bench', message);
  const sealed = await sealTo(recipient, info, grantKey);

  const admitOne = await time(() => {
    const key = randomKey();
    contentIdOf(seal(key, plaintext, 'bench/record'));
    seal(patientKey, key, 'bench/wrap');
  });
  const rewrap = await time(() => {
    seal(grantKey, open(patientKey, wrapped, 'bench/wrap'), 'bench/grant');
  });
  const openOne = await time(() => {
    contentIdOf(ciphertext);
    open(open(patientKey, wrapped, 'bench/wrap'), ciphertext, 'bench/record');
  });
  const sign = await time(() => signWithContext(signer, 'bench', message));
  const verify = await time(() => verifyWithContext(signer.publicKeys, 'bench', message, signature));
  const sealKey = await time(() => sealTo(recipient, info, grantKey));
  const openKey = await time(() => openFrom(recipientSeed, info, sealed));
  const locate = await time(() => {
    const blinded = blindInputs([identifier]);
    const evaluations = guardians.map(({ index, share, publicShare }) => {
      const evaluation = evaluateBlinded(share, blinded.blinded);
      verifyEvaluation(blinded, evaluation, publicShare);
      return { index, evaluated: evaluation.evaluated };
    });
    combineTags(blinded, evaluations);
  });

  // The request is signed and verified, the grant is signed; each data key is unwrapped and wrapped again; the grant key is sealed.
  const release = 2 * sign + verify + RESOURCES * rewrap + sealKey;
  // The grant is verified and its key opened; every resource is checked against its content id, unwrapped and opened.
  const opened = release + verify + openKey + RESOURCES * openOne;
  return { admitOneMilliseconds: admitOne, locateMilliseconds: locate, releaseMilliseconds: release, openedMilliseconds: opened };
}

/** Mean milliseconds of one run, after as many that are not counted: a node that serves has warm code, too. */
async function time(work: () => unknown): Promise<number> {
  for (let round = 0; round < ROUNDS; round += 1) await work();
  const started = performance.now();
  for (let round = 0; round < ROUNDS; round += 1) await work();
  return (performance.now() - started) / ROUNDS;
}
