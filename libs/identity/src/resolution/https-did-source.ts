import type { DidHistory } from '../did/did-entries.ts';
import { historyFromFiles } from '../did/did-files.ts';
import type { DidSource } from '../did/did-histories.ts';
import { didWebvhUrls } from '../did/did-webvh-urls.ts';
import { MAX_DID_HISTORY_BYTES } from '../limits.ts';
import type { DocumentFetcher } from './ports.ts';

const OK = 200;
/** What web servers say of a file that is not there, or not any more. */
const ABSENT = new Set([404, 410]);

/** Histories from the places that did:webvh itself names: `did.jsonl`, and beside it the witnesses' and our own file. */
export class HttpsDidSource implements DidSource {
  constructor(private readonly fetcher: DocumentFetcher) {}

  /**
   * @returns the history, not verified; undefined when there is none
   * @throws IdentityError `DID_INVALID`, `DID_LOG_INVALID`; whatever the fetcher throws
   */
  async fetch(did: string): Promise<DidHistory | undefined> {
    const urls = didWebvhUrls(did);
    const log = await this.file(urls.log, 'text/jsonl, application/jsonl;q=0.9, */*;q=0.1');
    if (log === undefined) return undefined;
    const [witness, cosignatures] = await Promise.all([urls.witness, urls.cosignatures].map((url) => this.file(url, 'application/json')));
    return historyFromFiles({ log, witness, cosignatures });
  }

  private async file(url: URL, accept: string): Promise<string | undefined> {
    const { status, body } = await this.fetcher.get(url.href, { maxBytes: MAX_DID_HISTORY_BYTES, accept });
    if (ABSENT.has(status)) return undefined;
    if (status !== OK) throw new Error('A web server did not give a file of a DID.');
    return Buffer.from(body).toString('utf8');
  }
}
