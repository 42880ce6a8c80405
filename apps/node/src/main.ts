import 'reflect-metadata';
import { CarecordError } from '@carecord/core';
import { startNode } from './composition/start-node.ts';
import { ConfigurationError } from './config/configuration-error.ts';
import { loadConfiguration } from './config/load-configuration.ts';
import type { RunningNode } from './lifecycle/running-node.ts';
import { supervise } from './lifecycle/supervision.ts';
import { createPino, nodeLogger } from './logging/node-logger.ts';
import { safeError } from './logging/safe-error.ts';

/**
 * Runs one node until it is told to stop: reads the configuration, starts, tells the parent process (over IPC, if there is
 * one) where it listens, and ends the process after SIGTERM or SIGINT. A node that cannot start says why in a sentence on
 * standard error and exits with 1.
 * @param environment environment variables, such as `process.env`
 */
export async function runNode(environment: Readonly<Record<string, string | undefined>>): Promise<void> {
  let node: RunningNode;
  try {
    const configuration = loadConfiguration(environment);
    node = await startNode(configuration);
    supervise(node, process, nodeLogger(createPino(configuration)));
  } catch (error) {
    await fail(error);
    return;
  }
  const { name, did, peerId, http, graphql, p2p } = node;
  await tellParent({ type: 'ready', name, did, peerId, http, ...(graphql === undefined ? {} : { graphql }), p2p: [...p2p] });
}

async function fail(error: unknown): Promise<void> {
  const reason = reasonOf(error);
  process.stderr.write(`${reason}\n`);
  await tellParent({ type: 'failed', reason });
  process.exit(1);
}

/** Our own errors are sentences; of any other the name alone may be shown. */
function reasonOf(error: unknown): string {
  if (error instanceof ConfigurationError) return error.mistakes.join('\n');
  if (error instanceof CarecordError) return error.message;
  const { errorName, errorCode } = safeError(error);
  return `The node could not start because of an unexpected ${errorName}${errorCode === undefined ? '' : ` (${errorCode})`}: its log has the details.`;
}

function tellParent(message: Readonly<Record<string, unknown>>): Promise<undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  if (process.send === undefined) resolve(undefined);
  else process.send(message, undefined, undefined, () => resolve(undefined));
  return promise;
}
