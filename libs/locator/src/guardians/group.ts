import { ristretto255, ristretto255_hasher } from '@noble/curves/ed25519.js';
import { LocatorError } from '../locator-error.ts';

const { Point } = ristretto255;
const { Fn } = Point;

/** A group element of ristretto255. */
export type Element = InstanceType<typeof Point>;

/** Scalars and elements, encoded (RFC 9497, section 4.1). */
export const SCALAR_BYTES = 32;

/** The generator. */
export const generator = Point.BASE;

/**
 * The element that bytes stand for (RFC 9496, section 4.3.1): its one canonical encoding alone, and not the identity.
 * @throws LocatorError `POINT_INVALID`
 */
export function decodeElement(encoded: Uint8Array): Element {
  try {
    const element = Point.fromBytes(encoded);
    if (element.is0()) throw new Error('It is the identity.');
    return element;
  } catch (cause) {
    throw new LocatorError('POINT_INVALID', 'What should be a group element is none.', { cause });
  }
}

/** The scalar that 32 little-endian bytes stand for; those of the group order and above stand for none. @throws LocatorError `POINT_INVALID` */
export function decodeScalar(encoded: Uint8Array): bigint {
  try {
    return Fn.fromBytes(encoded);
  } catch (cause) {
    throw new LocatorError('POINT_INVALID', 'What should be a scalar is none.', { cause });
  }
}

/** 32 bytes, little-endian. */
export function encodeScalar(scalar: bigint): Uint8Array {
  return Fn.toBytes(Fn.create(scalar));
}

/** Hashes to a scalar, the context apart from every other use (RFC 9497, section 4.1). */
export function hashToScalar(context: string, message: Uint8Array): bigint {
  return Fn.create(ristretto255_hasher.hashToScalar(message, { DST: context }));
}

/** Scalar times element, in constant time; zero is allowed. */
export function times(element: Element, scalar: bigint): Element {
  const reduced = Fn.create(scalar);
  return reduced === 0n ? Point.ZERO : element.multiply(reduced);
}

/** Scalar times element for what everybody may know: its time depends on the scalar. */
export function timesPublic(element: Element, scalar: bigint): Element {
  return element.multiplyUnsafe(Fn.create(scalar));
}

/** The sum; the identity of none. */
export function sum(elements: readonly Element[]): Element {
  return elements.reduce((total, element) => total.add(element), Point.ZERO);
}

/** The sum of scalars modulo the group order. */
export function sumScalars(scalars: readonly bigint[]): bigint {
  return scalars.reduce((total, scalar) => Fn.add(total, scalar), 0n);
}

/** The product modulo the group order. */
export function product(one: bigint, other: bigint): bigint {
  return Fn.mul(one, other);
}

/**
 * What a share counts for when a polynomial is evaluated at `at` (Lagrange; Shamir 1979): λ with Σ λ_i f(i) = f(at).
 * @param indices of all shares that are put together, each once, from 1
 */
export function lagrange(index: number, indices: readonly number[], at = 0): bigint {
  let numerator = 1n;
  let denominator = 1n;
  for (const other of indices) {
    if (other === index) continue;
    numerator = Fn.mul(numerator, Fn.create(BigInt(at - other)));
    denominator = Fn.mul(denominator, Fn.create(BigInt(index - other)));
  }
  return Fn.mul(numerator, Fn.inv(denominator));
}

/** Σ coefficient_k x^k (Horner). */
export function evaluatePolynomial(coefficients: readonly bigint[], x: number): bigint {
  return coefficients.reduceRight((value, coefficient) => Fn.add(Fn.mul(value, BigInt(x)), coefficient), 0n);
}

/** The same in the exponent: the public image of a polynomial's value, from the images of its coefficients. */
export function evaluateCommitments(commitments: readonly Element[], x: number): Element {
  return commitments.reduceRight((value, commitment) => timesPublic(value, BigInt(x)).add(commitment), Point.ZERO);
}

/** Puts shares in the exponent together: Σ λ_i E_i. */
export function interpolate(points: readonly { readonly index: number; readonly element: Element }[], at = 0): Element {
  const indices = points.map(({ index }) => index);
  return sum(points.map(({ index, element }) => timesPublic(element, lagrange(index, indices, at))));
}
