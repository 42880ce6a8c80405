import type { DidHistoryStore, RememberedDid } from '@carecord/identity';
import { clone } from './clone.ts';

/** Histories of DIDs in memory. */
export class MemoryDidHistoryStore implements DidHistoryStore {
  private readonly histories = new Map<string, RememberedDid>();

  find(did: string): Promise<RememberedDid | undefined> {
    return Promise.resolve(clone(this.histories.get(did)));
  }

  save(remembered: RememberedDid): Promise<void> {
    const known = this.histories.get(remembered.did);
    if (known === undefined || replaces(remembered, known)) this.histories.set(remembered.did, clone(remembered));
    return Promise.resolve();
  }
}

function replaces(remembered: RememberedDid, known: RememberedDid): boolean {
  if (remembered.versionNumber !== known.versionNumber) return remembered.versionNumber > known.versionNumber;
  return remembered.versionId === known.versionId && remembered.seenAt > known.seenAt;
}
