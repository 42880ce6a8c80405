import { systemClock } from '@carecord/core';
import type { Clock } from '@carecord/core';
import { MEMBER_POLICY, parseNetworkFile, resolveDidHistory } from '@carecord/identity';
import type { NetworkAuthority, ResolvedDid } from '@carecord/identity';
import { z } from 'zod';
import { NodeError } from '../failures/node-error.ts';
import { AuthorityClient } from '../identity/authority-client.ts';
import { AddressGuard, placeOf } from '../outbound/address-guard.ts';
import { OutboundHttp } from '../outbound/outbound-http.ts';
import { majorityOf } from './appoint-guardians.ts';

/** What a person decides about a new network. */
export interface NewNetwork {
  readonly networkId: string;
  /** Where the authorities answer. */
  readonly authorityUrls: readonly string[];
  /** So many of them must admit a hospital. */
  readonly threshold: number;
  /** So many of them must witness each version of a hospital's DID; 0: none. */
  readonly witnessThreshold: number;
  /** Who guards the key of blinded look-ups: DIDs of members, or addresses where they answer. @default the authorities */
  readonly guardians?: readonly string[];
  /** So many of them evaluate a look-up. @default more than half */
  readonly guardianThreshold?: number;
  readonly statusMaxAgeHours: number;
  /** For a network on one machine alone. */
  readonly allowHttp: boolean;
}

/** The network file, and what a person compares by another way before trusting it. */
export interface CreatedNetworkFile {
  /** JSON, to be given to every hospital and authority. */
  readonly text: string;
  readonly authorities: readonly NetworkAuthority[];
}

const FIRST_EPOCH = 1;
/** A network file is the first word about guardians. */
const FIRST_SEQUENCE = 1;

/**
 * Writes a network file from what the authorities say of themselves in their DID documents.
 * @throws NodeError `AUTHORITY_*` when one does not answer or is none; IdentityError `NETWORK_FILE_INVALID`
 */
export async function createNetworkFile(network: NewNetwork, clock: Clock = systemClock): Promise<CreatedNetworkFile> {
  const { networkId, authorityUrls, threshold, witnessThreshold, statusMaxAgeHours, allowHttp } = network;
  const http = new OutboundHttp({ guard: new AddressGuard([...authorityUrls, ...(network.guardians ?? []).filter(isAddress)].map(placeOf)), plainHttp: allowHttp });
  const found = await Promise.all(authorityUrls.map((url) => authorityAt(url, http, clock)));
  const authorities = found.map(({ url, resolved }) => ({ did: resolved.did, url, witness: serviceOf(resolved, 'CarecordWitness') }));
  const members = network.guardians === undefined ? authorities.map(({ did }) => did) : await Promise.all(network.guardians.map((guardian) => didAt(guardian, http, clock)));
  const text = JSON.stringify(
    {
      version: 2,
      sequence: FIRST_SEQUENCE,
      networkId,
      threshold,
      authorities,
      guardians: { members, threshold: network.guardianThreshold ?? majorityOf(members.length) },
      epoch: FIRST_EPOCH,
      statusMaxAgeHours,
      witnessThreshold,
    },
    undefined,
    2,
  );
  // What a node would refuse is not written.
  parseNetworkFile(text, { allowHttp });
  return { text: `${text}\n`, authorities };
}

function isAddress(guardian: string): boolean {
  return /^https?:/.test(guardian);
}

/** The DID of a member that is named by its address or by its DID. */
async function didAt(guardian: string, http: OutboundHttp, clock: Clock): Promise<string> {
  return isAddress(guardian) ? (await authorityAt(guardian, http, clock)).resolved.did : guardian;
}

async function authorityAt(address: string, http: OutboundHttp, clock: Clock): Promise<{ readonly url: string; readonly resolved: ResolvedDid }> {
  const url = new URL(address).origin;
  const history = await new AuthorityClient(url, http, clock).history();
  try {
    return { url, resolved: await resolveDidHistory(didOf(history), history, MEMBER_POLICY, clock.now()) };
  } catch (cause) {
    throw new NodeError('AUTHORITY_ANSWER_INVALID', `${url} does not serve the history of an authority's DID.`, { cause });
  }
}

const entrySchema = z.looseObject({ state: z.looseObject({ id: z.string() }) });

/** Which DID a history is of, by its own word: the resolution proves it. */
function didOf(history: string): string {
  const [first = ''] = history.split('\n');
  return entrySchema.parse(JSON.parse(first)).state.id;
}

function serviceOf({ services, did }: ResolvedDid, type: string): string {
  const service = services.find((candidate) => candidate.type === type);
  if (service === undefined) throw new NodeError('AUTHORITY_ANSWER_INVALID', `${did} is not an authority: its document names no ${type}.`);
  return service.endpoint;
}
