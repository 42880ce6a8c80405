import { generalJwsSchema } from '@carecord/crypto';
import { z } from 'zod';

// What the test and the processes with its hosts say to each other. Both ends parse it: a process may be half dead.

const bytes: z.ZodType<Uint8Array> = z.instanceof(Uint8Array);
const signingSeeds = z.strictObject({ ed25519: bytes, mlDsa65: bytes, number: z.int() });

/** An identity with all its private keys: it exists for one test. */
export const savedIdentitySchema = z.strictObject({
  name: z.string(),
  peerSeed: bytes,
  keys: z.strictObject({
    signing: signingSeeds,
    recipient: z.strictObject({ seed: bytes, number: z.int() }),
    update: bytes,
    nextUpdate: bytes,
    cosigning: bytes,
    nextCosigning: bytes,
  }),
  did: z.string(),
  history: z.string(),
});

/** A host to be started. */
export const memberSchema = z.strictObject({
  identity: savedIdentitySchema,
  credentials: z.array(generalJwsSchema),
  listen: z.array(z.string()),
  /** What it tells others instead of where it listens. */
  announce: z.array(z.string()).optional(),
  bootstrap: z.array(z.string()),
});
export type PlannedMember = z.infer<typeof memberSchema>;

const name = z.string();
const done = z.null();
const keys = z.array(bytes);
const placement = z.strictObject({ stored: z.int(), occupied: z.int(), refused: z.int(), unreached: z.int() });

/** Every command: what it takes and what it gives. */
export const commands = {
  /** Makes and starts a host; gives its addresses. */
  start: {
    request: z.strictObject({ authorities: z.array(savedIdentitySchema), statusLists: z.array(generalJwsSchema), member: memberSchema, replication: z.int() }),
    answer: z.array(z.string()),
  },
  /** Dials addresses, one after the other. */
  connect: { request: z.strictObject({ name, addresses: z.array(z.string()) }), answer: done },
  /** Publishes notes with these texts. */
  publish: { request: z.strictObject({ name, texts: z.array(z.string()), expiresAt: z.int() }), answer: z.array(placement) },
  /** Reads the notes under these keys; `null` where none was found. */
  read: { request: z.strictObject({ name, keys }), answer: z.array(z.strictObject({ value: bytes.nullable(), complete: z.boolean() })) },
  /** Which of the notes this host keeps itself. */
  holds: { request: z.strictObject({ name, keys }), answer: z.array(z.boolean()) },
  /** Looks for the members closest to a place. */
  lookup: { request: z.strictObject({ name, target: bytes }), answer: z.strictObject({ found: z.int(), complete: z.boolean() }) },
  repair: { request: z.strictObject({ name }), answer: z.strictObject({ checked: z.int(), handedOver: z.int(), underReplicated: z.int() }) },
  /** The DIDs that it is connected with, and how many its routing table holds. */
  neighbours: { request: z.strictObject({ name }), answer: z.strictObject({ connected: z.array(z.string()), routingTable: z.int() }) },
  /** Messages sent and what was dropped, over all protocols. */
  statistics: {
    request: z.strictObject({ name }),
    answer: z.strictObject({ sent: z.int(), sentBytes: z.int(), dropped: z.array(z.strictObject({ reason: z.string(), count: z.int() })), underReplicated: z.int() }),
  },
  /** Puts the clock of all hosts in the process forward. */
  skip: { request: z.strictObject({ milliseconds: z.int() }), answer: done },
  /** Stops one host in the orderly way. */
  stop: { request: z.strictObject({ name }), answer: done },
} as const;

export type CommandName = keyof typeof commands;
export type CommandRequest<Name extends CommandName> = z.infer<(typeof commands)[Name]['request']>;
export type CommandAnswer<Name extends CommandName> = z.infer<(typeof commands)[Name]['answer']>;

/** Parent to child. */
export const orderSchema = z.strictObject({ id: z.int(), command: z.enum(Object.keys(commands) as [CommandName, ...CommandName[]]), request: z.unknown() });
/** Child to parent. */
export const reportSchema = z.discriminatedUnion('ok', [
  z.strictObject({ id: z.int(), ok: z.literal(true), answer: z.unknown() }),
  z.strictObject({ id: z.int(), ok: z.literal(false), error: z.string() }),
]);
export type Report = z.infer<typeof reportSchema>;
