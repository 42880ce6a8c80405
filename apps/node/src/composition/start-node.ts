import type { Configuration } from '../config/configuration.ts';
import type { RunningNode } from '../lifecycle/running-node.ts';
import { openFoundation } from './foundation.ts';
import type { Foundation } from './foundation.ts';
import { recordLifetime } from './lifetime.ts';

/** Starts a node of either role; what was opened before a failure is closed again. */
export async function startNode(configuration: Configuration): Promise<RunningNode> {
  const foundation = await openFoundation(configuration);
  try {
    const lifetime = recordLifetime(foundation, foundation.storage.transactions);
    const node = await startRole(configuration, foundation);
    await lifetime.started();
    foundation.logger.info('node-ready', { did: node.did, peerId: node.peerId });
    return node;
  } catch (error) {
    foundation.logger.error('node-start-failed', {}, error);
    await foundation.closers.close();
    throw error;
  }
}

/** Loads the code of the role alone: an authority needs no GraphQL, and who only imports this needs neither. */
async function startRole(configuration: Configuration, foundation: Foundation): Promise<RunningNode> {
  if (configuration.role === 'authority') {
    const { startAuthority } = await import('./start-authority.ts');
    return await startAuthority(configuration, foundation);
  }
  const { startHospital } = await import('./start-hospital.ts');
  return await startHospital(configuration, foundation);
}
