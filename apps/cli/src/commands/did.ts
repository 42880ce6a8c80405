import { systemClock } from '@carecord/core';
import { DidResolution } from '@carecord/identity';
import type { DidResolutionResult } from '@carecord/identity';
import { AddressGuard, OutboundHttp } from '@carecord/node';
import { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { readHistoryFile } from '../did/history-file.ts';

interface ResolveOptions {
  readonly history?: string;
  readonly allowAddress: readonly string[];
  readonly json?: true;
}

/** `carecord did`: DIDs of anybody, without a node. */
export function didCommand(): Command {
  return new Command('did').description('Decentralized identifiers.').addCommand(resolveCommand());
}

function resolveCommand(): Command {
  return new Command('resolve')
    .description('Print the DID Resolution Result of a did:webvh, did:web or did:key.')
    .argument('<did>', 'the DID, without path or fragment')
    .option('--history <file>', 'take the history of a did:webvh from this did.jsonl, and what stands beside it, instead of the web')
    .option('--allow-address <host>', 'a host or address that may be private, with or without port; may be given several times', (host: string, hosts: readonly string[]) => [...hosts, host], [] as readonly string[])
    .option('--json', 'print one line, also when there is no document')
    .action(async (did: string, options: ResolveOptions) => {
      await resolve(did, options);
    });
}

/** @throws CliError `DID_NOT_RESOLVED`, `FILE_UNUSABLE` */
async function resolve(did: string, options: ResolveOptions): Promise<void> {
  const history = options.history === undefined ? undefined : await readHistoryFile(options.history);
  const fetcher = new OutboundHttp({ guard: new AddressGuard(options.allowAddress) });
  const resolution = new DidResolution({ fetcher, clock: systemClock, ...(history === undefined ? {} : { source: { fetch: () => Promise.resolve(history) } }) });
  const result = await resolution.resolve(did);
  if (options.json === true || result.didDocument !== null) process.stdout.write(`${JSON.stringify(result, undefined, options.json === true ? undefined : 2)}\n`);
  if (result.didDocument === null) throw new CliError('DID_NOT_RESOLVED', sentenceOf(result));
}

function sentenceOf({ didDocumentMetadata, didResolutionMetadata: { error, message } }: DidResolutionResult): string {
  if (didDocumentMetadata.deactivated === true) return 'The DID was deactivated by its owner: it has no document any more.';
  return `${message ?? 'There is no document.'} (${error ?? 'notFound'})`;
}
