import { aliasDocument, publishedFiles, verifyDidWebvh } from '@carecord/identity';
import type { ResolvedDid } from '@carecord/identity';

/** What is published of one version. */
interface Publication {
  readonly versionId: string;
  readonly history: string;
  readonly log: string;
  readonly cosignatures: string;
  readonly witness: string | undefined;
  /** `did.json`, made when it is first asked for. */
  alias: Promise<string> | undefined;
}

/** This node's DID as files for anybody, always of the version that is in force: a rotation shows at the next request. */
export class PublishedDid {
  private publication: Publication | undefined;

  /** @param current who the node is now: its DID and the history that proves it */
  constructor(private readonly current: () => Pick<ResolvedDid, 'did' | 'versionId' | 'log'>) {}

  /** `did.jsonl` (did:webvh 1.0). */
  log(): string {
    return this.present().log;
  }

  /** `did-witness.json` (did:webvh 1.0), where the DID has witnesses. */
  witness(): string | undefined {
    return this.present().witness;
  }

  /** `did-cosignatures.json`: the ML-DSA-65 cosignature of each version. */
  cosignatures(): string {
    return this.present().cosignatures;
  }

  /** `did.json`: the same document under the DID's did:web alias. */
  alias(): Promise<string> {
    const publication = this.present();
    const { did, log } = this.current();
    publication.alias ??= aliasOf(did, log);
    return publication.alias;
  }

  private present(): Publication {
    const { versionId, log: history } = this.current();
    // A version's history still changes when a witness's proof is added to it.
    if (this.publication?.versionId !== versionId || this.publication.history !== history) {
      this.publication = { versionId, history, ...publishedFiles(history), alias: undefined };
    }
    return this.publication;
  }
}

async function aliasOf(did: string, history: string): Promise<string> {
  const { document } = await verifyDidWebvh(did, history);
  if (document === undefined) throw new Error("This node's DID was deactivated.");
  return JSON.stringify(aliasDocument(did, document));
}
