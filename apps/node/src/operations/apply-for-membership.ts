import { hospitalParts } from '../composition/start-hospital.ts';
import { openFoundation } from '../composition/foundation.ts';
import { loadConfiguration } from '../config/load-configuration.ts';
import { NodeError } from '../failures/node-error.ts';
import type { ApplicationState } from '../identity/membership.ts';

/** How a hospital's applications stand. */
export interface ApplicationReport {
  readonly did: string;
  readonly threshold: number;
  readonly states: readonly ApplicationState[];
  /** Whether enough authorities have admitted the hospital: its node can start. */
  readonly admitted: boolean;
}

/**
 * Makes the hospital's DID if it has none yet, and applies to every authority of its network, with the node's own configuration.
 * The node must not run at the same time for the first application; repeating it is harmless and shows how it stands.
 * @throws ConfigurationError, NodeError
 */
export async function applyForMembership(environment: Readonly<Record<string, string | undefined>>): Promise<ApplicationReport> {
  const configuration = loadConfiguration(environment);
  if (configuration.role !== 'hospital') throw new NodeError('WRONG_STATE', 'An authority does not apply: it is listed in the network file.');
  const foundation = await openFoundation(configuration);
  try {
    const { membership, identity, file } = await hospitalParts(configuration, foundation);
    const states = await membership.apply();
    return { did: identity.did, threshold: file.threshold, states, admitted: await membership.useStored() };
  } finally {
    await foundation.closers.close();
  }
}
