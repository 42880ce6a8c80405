import { beforeAll, describe, expect, it } from '@jest/globals';
import { decodeWire, encodeWire, newId } from '@carecord/core';
import { deriveKey, ed25519Signer, type Ed25519Signer, randomKey, sha256 } from '@carecord/crypto';
import { askingTag, POINTER_SLOTS, pointerKind } from '@carecord/locator';
import { ristretto255, ristretto255_oprf } from '@noble/curves/ed25519.js';
import { z } from 'zod';
import { decodeElement, decodeScalar, interpolate, times } from '../../../libs/locator/src/guardians/group.ts';
import { inOrder, indexOf } from '../../../libs/locator/src/guardians/key-statement.ts';
import { namedTag, pointerKey, tagKeys } from '../../../libs/locator/src/keys.ts';
import { blindInputs } from '../../../libs/locator/src/oprf.ts';
import { makePointerValue, readPointerValue } from '../../../libs/locator/src/pointer-value.ts';
import { queryInputs } from '../../../libs/locator/src/recipes.ts';
import { SeededRandom } from '../../../libs/testkit/src/patients/random.ts';
import { identifierOf, type ObservedHospital, ObservedNetwork, type SeenEvaluation } from './observed-network.ts';
import { type Needle, Recording } from './recording.ts';
import { CHI_SQUARE_LIMIT, chiSquare, chiSquareOfTwo } from './uniformity.ts';

const TIMEOUT = 600_000;
/** N: those whose identifiers the observer has a list of; all of them are listed. */
const PATIENTS = 120;
/** With dummies: the next power of two. */
const PUBLISHED = 128;
/** q: those that the observer has looked up itself. */
const OWN_EVALUATIONS = 12;
const LOOKUPS = 1_000;
/** One patient is looked up as often as this: would that show? */
const FAVOURITE = { patient: 3, lookups: 300 };
/** Patients under whose made-up keys it looks. */
const MADE_UP = 20;
const SLOTS = Array.from({ length: POINTER_SLOTS }, (_, slot) => slot);
const EPOCH = 1;
const asked = { purpose: 'TREAT', actor: { kind: 'staff', id: 'staff-1' } } as const;

/** The bytes of an encoded element that are uniform: of the last one a bit is always zero, and of the first one another. */
const uniformPart = (element: Uint8Array): Uint8Array => element.subarray(1, 31);

/**
 * The observer is a member that stores, asks (q of the N patients itself), and works together with t-1 guardians, whose shares it has. It is
 * given more than one member sees: every value in the DHT, every place that anybody reads, and all that its guardians are asked and answer.
 * @param guardians n
 * @param threshold t
 */
export function describeObserver(guardians: number, threshold: number): void {
  describe(`an observer of a thousand look-ups, with ${threshold - 1} of ${guardians} guardians`, () => {
    let observed: ObservedNetwork;
    let holder: ObservedHospital;
    let observer: ObservedHospital;
    const seen = new Recording();
    let evaluations: readonly SeenEvaluation[];
    let lookedUp: readonly number[];
    let perLookup: readonly (readonly SeenEvaluation[])[];
    const ownTags = new Map<number, Uint8Array>();
    let shares: readonly Uint8Array[];
    let hospitals: readonly string[];
    let colluding: readonly string[];

    beforeAll(async () => {
      const cpu = process.cpuUsage();
      observed = await ObservedNetwork.make(guardians, threshold);
      const { network } = observed.guardianNetwork;
      [holder, observer] = [await observed.hospital('holder'), await observed.hospital('observer')];
      const askers = [await observed.hospital('asker-1'), await observed.hospital('asker-2')];
      hospitals = [holder, observer, ...askers].map(({ member }) => member.did);
      const all = Array.from({ length: PATIENTS }, (_, patient) => patient);
      const outcomes = await holder.locator.publishPatients(
        all.map((patient) => ({ patientId: newId(), identifiers: [identifierOf(patient)], listing: { listing: 'listed', hospitals: [] } })),
        [],
      );
      expect(outcomes.filter(({ error }) => error !== undefined)).toEqual([]);
      await holder.locator.tidy();
      for (const patient of new SeededRandom('q').sample(all, OWN_EVALUATIONS)) ownTags.set(patient, (await observer.locator.locate(identifierOf(patient), asked)).tag);

      colluding = observed.guardians.slice(0, threshold - 1).map(({ did }) => did);
      shares = await observed.sharesOf(observed.guardians.slice(0, threshold - 1));
      observed.evaluations.length = 0;
      network.asked.length = 0;
      const random = new SeededRandom('look-ups');
      lookedUp = Array.from({ length: LOOKUPS }, (_, at) => (at < FAVOURITE.lookups ? FAVOURITE.patient : random.integer(0, PATIENTS - 1)));
      const during: SeenEvaluation[][] = [];
      for (const [at, patient] of lookedUp.entries()) {
        const from = observed.evaluations.length;
        const { pointers } = await (askers[at % askers.length] as ObservedHospital).locator.locate(identifierOf(patient), asked);
        expect(pointers).toHaveLength(1);
        during.push(observed.evaluations.slice(from));
      }
      perLookup = during;
      evaluations = observed.evaluations.filter(({ guardian }) => colluding.includes(guardian));
      for (const [place, { value }] of network.values) {
        seen.add(Buffer.from(place));
        seen.add(Buffer.from(place.slice(place.indexOf('/') + 1), 'hex'));
        seen.add(value);
      }
      for (const places of network.asked) for (const place of places) seen.add(Buffer.from(place, 'hex'));
      for (const { blinded, evaluated } of evaluations) for (const element of [...blinded, ...evaluated]) seen.add(element);
      for (const share of shares) seen.add(share);
      process.stderr.write(`  observer: ${seen.pieces} pieces, ${seen.bytes} bytes, ${evaluations.length} evaluations by ${colluding.length} of ${guardians} guardians; ${((process.cpuUsage(cpu).user + process.cpuUsage(cpu).system) / 1e6).toFixed(0)} s of CPU\n`);
    }, TIMEOUT);

    /** Everything that a tag gives: what stands somewhere, or opens something. */
    const fromTag = (patient: number, tag: Uint8Array, how: string): Needle[] => {
      const tags = [tag, ...hospitals.map((did) => namedTag(tag, did))];
      const asking = hospitals.map((did) => ({ patient, what: `${how}: asking tag`, bytes: askingTag(tag, did) }));
      const derived = tags.flatMap((one) => {
        const { admitPublicKey, sealKey } = tagKeys(one);
        const keys = SLOTS.map((slot) => ({ patient, what: `${how}: pointer key`, bytes: pointerKey(admitPublicKey, EPOCH, slot) }));
        return [...keys, ...[one, deriveKey(one, 'pointer/admit'), admitPublicKey, sealKey].map((bytes) => ({ patient, what: `${how}: a key of the tag`, bytes }))];
      });
      return [...derived, ...asking];
    };

    /** All that can be computed about a patient with its identifier and the shares of t-1 guardians, but without an evaluation. */
    const fromIdentifier = (patient: number): Needle[] => {
      const query = identifierOf(patient);
      const input = queryInputs(query)[0]?.input ?? new Uint8Array();
      const { blinds, blinded } = blindInputs([input]);
      const [blind, element] = [blinds[0] as Uint8Array, decodeElement(blinded[0] as Uint8Array)];
      const hashed = times(element, ristretto255.Point.Fn.inv(decodeScalar(blind)));
      const order = inOrder(observed.guardianNetwork.plan.guardians.members);
      const parts = shares.map((share, at) => ({ index: indexOf(order, colluding[at] as string), element: times(element, decodeScalar(share)) }));
      const finalized = (from: Parameters<typeof interpolate>[0]): Uint8Array => deriveKey(ristretto255_oprf.oprf.finalize(input, blind, interpolate(from).toBytes()), 'locator/tag');
      const plain = [
        { what: 'the hash of the identifier', bytes: sha256(Buffer.from(query.value)) },
        { what: 'the encoded identifier', bytes: input },
        { what: 'the hash of the encoded identifier', bytes: sha256(input) },
        { what: 'the identifier as an element', bytes: hashed.toBytes() },
        ...shares.map((share) => ({ what: 'the element with one share', bytes: times(hashed, decodeScalar(share)).toBytes() })),
      ].map((needle) => ({ patient, ...needle }));
      const guesses = [parts, parts.slice(0, 1)].map((from) => finalized(from));
      return [...plain, ...guesses.flatMap((tag) => fromTag(patient, tag, 'as if t-1 shares were the key'))];
    };
    const patientsIn = (found: readonly Needle[]): number[] => [...new Set(found.map(({ patient }) => patient))].sort((one, other) => one - other);

    it('recognises those patients that it has had evaluated itself, and of the others not one', () => {
      const bought = seen.search([...ownTags].flatMap(([patient, tag]) => fromTag(patient, tag, 'its own evaluation')));
      expect(patientsIn(bought)).toEqual([...ownTags.keys()].sort((one, other) => one - other));
      const others = Array.from({ length: PATIENTS }, (_, patient) => patient);
      const unbought = seen.search(others.flatMap(fromIdentifier));
      expect(unbought.map(({ patient, what }) => `${what} of patient ${patient}`)).toEqual([]);
      process.stderr.write(`  observer: recognised ${patientsIn(bought).length} of ${PATIENTS} patients with ${OWN_EVALUATIONS} evaluations, ${patientsIn(unbought).length} without\n`);
    });

    /** What its guardians see of one look-up, each element once: both are shown the same. */
    const ofGuardians = (during: readonly SeenEvaluation[]): Uint8Array[] => {
      const elements = during.filter(({ guardian }) => colluding.includes(guardian)).flatMap(({ blinded }) => blinded);
      return [...new Map(elements.map((element) => [Buffer.from(element).toString('hex'), element])).values()];
    };

    it('sees elements that are uniform, never the same twice, and alike for one patient and for all', () => {
      const elements = perLookup.flatMap(ofGuardians);
      expect(elements.length).toBeGreaterThan(LOOKUPS / 2);
      const uniform = chiSquare(elements.map(uniformPart));
      const ofLookups = (from: number, to?: number): Uint8Array[] => perLookup.slice(from, to).flatMap(ofGuardians).map(uniformPart);
      const alike = chiSquareOfTwo(ofLookups(0, FAVOURITE.lookups), ofLookups(FAVOURITE.lookups));
      process.stderr.write(`  observer: chi-square of blinded elements ${uniform.toFixed(0)}, of one patient against all ${alike.toFixed(0)} (255 expected, limit ${CHI_SQUARE_LIMIT})\n`);
      expect(uniform).toBeLessThan(CHI_SQUARE_LIMIT);
      expect(alike).toBeLessThan(CHI_SQUARE_LIMIT);
      // One look-up blinds once, and shows every guardian the same; no two look-ups show the same.
      const perElement = perLookup.map((during) => new Set(during.flatMap(({ blinded }) => blinded.map((element) => Buffer.from(element).toString('hex')))));
      expect(new Set(perElement.flatMap((set) => [...set])).size).toBe(perElement.reduce((sum, { size }) => sum + size, 0));
    });

    it('cannot tell dummies from patients by what stands in the DHT', async () => {
      const { network } = observed.guardianNetwork;
      const { patients, dummies } = await holder.store.countPointers(EPOCH, network.clock.now());
      expect([patients, patients + dummies]).toEqual([PATIENTS, PUBLISHED]);
      const values = [...network.values].filter(([place]) => place.startsWith(`${pointerKind.namespace}/`)).map(([place, { value }]) => ({ key: Buffer.from(place.slice(place.indexOf('/') + 1), 'hex'), value }));
      expect(values).toHaveLength(PUBLISHED);
      expect(new Set(values.map(({ value }) => value.length)).size).toBe(1);
      expect(chiSquare(values.map(({ key, value }) => readPointerValue(key, value).sealed))).toBeLessThan(CHI_SQUARE_LIMIT);
    });

    it('without a tag can neither forge nor replace nor wipe a pointer, and with one not that of another', async () => {
      const { network } = observed.guardianNetwork;
      const before = new Map(network.values);
      const [own] = ownTags;
      const tagOwned = tagKeys((own as [number, Uint8Array])[1]);
      let attempts = 0;
      for (const [place, { value }] of before) {
        if (!place.startsWith(`${pointerKind.namespace}/`)) continue;
        const key = Buffer.from(place.slice(place.indexOf('/') + 1), 'hex');
        const { epoch, slot, sequence, sealed, admitPublicKey, expiresAt } = readPointerValue(key, value);
        const isOwn = Buffer.compare(admitPublicKey, tagOwned.admitPublicKey) === 0;
        const later = { epoch, slot, sequence: sequence + 1, expiresAt: new Date(expiresAt) };
        const [admit, slotKey] = [ed25519Signer(randomKey()), ed25519Signer(randomKey())];
        const forged = [
          // Keys of its own, and the true admit key named with a signature by another.
          makePointerValue({ admit, admitPublicKey: admit.publicKey, sealKey: randomKey() }, slotKey, later, sealed),
          makePointerValue({ admit, admitPublicKey, sealKey: randomKey() }, slotKey, later, sealed),
          resigned(value, slotKey),
          // With the tag it may enter an empty slot, but this one is another's.
          ...(isOwn ? [makePointerValue(tagOwned, slotKey, later, sealed), makePointerValue(tagOwned, slotKey, { ...later, expiresAt: new Date(2 ** 33) }, sealed)] : []),
        ];
        for (const attempt of forged) {
          attempts += 1;
          const placement = await observer.member.host.publish([{ kind: pointerKind, key, value: attempt }]).catch(() => undefined);
          expect(placement?.[0]?.stored ?? 0).toBe(0);
        }
      }
      expect(attempts).toBeGreaterThan(3 * PATIENTS);
      expect([...network.values].map(([place, { value }]) => [place, Buffer.from(value).toString('hex')])).toEqual([...before].map(([place, { value }]) => [place, Buffer.from(value).toString('hex')]));
    }, TIMEOUT);

    it('cannot enumerate: what is not known by its key is not found under keys that anybody can make up', async () => {
      const made = Array.from({ length: MADE_UP }, (_, patient) => fromIdentifier(patient).filter(({ what }) => what.endsWith('pointer key')).map(({ bytes }) => bytes)).flat();
      const found = await observer.member.host.readAll(made.map((key) => ({ kind: pointerKind, key })));
      expect(found.filter(({ values }) => values.length > 0)).toEqual([]);
    });
  });
}

/** The same value, its owner's signature made anew by another key, which it does not name. */
function resigned(value: Uint8Array, slotKey: Ed25519Signer): Uint8Array {
  const read = z.strictObject({ body: z.instanceof(Uint8Array), admitSignature: z.instanceof(Uint8Array), slotSignature: z.instanceof(Uint8Array) }).parse(decodeWire(z.unknown(), value, value.length));
  const body = Uint8Array.from(read.body);
  body[body.length - 1] = (body.at(-1) ?? 0) ^ 1;
  return encodeWire(z.unknown(), { ...read, body, slotSignature: slotKey.sign(body) });
}
