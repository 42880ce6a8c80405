import type { Configuration } from '../config/configuration.ts';
import type { RunningNode } from '../lifecycle/running-node.ts';
import { openFoundation } from './foundation.ts';
import { startAuthority } from './start-authority.ts';
import { startHospital } from './start-hospital.ts';

/** Starts a node of either role; what was opened before a failure is closed again. */
export async function startNode(configuration: Configuration): Promise<RunningNode> {
  const foundation = await openFoundation(configuration);
  try {
    const node = configuration.role === 'hospital' ? await startHospital(configuration, foundation) : await startAuthority(configuration, foundation);
    foundation.logger.info('node-ready', { did: node.did, peerId: node.peerId });
    return node;
  } catch (error) {
    foundation.logger.error('node-start-failed', {}, error);
    await foundation.closers.close();
    throw error;
  }
}
