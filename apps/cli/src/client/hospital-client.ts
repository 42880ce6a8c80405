import { z } from 'zod';
import { CliError } from '../cli-error.ts';
import { type GraphqlFailure, executeGraphql, isFailure } from './graphql-client.ts';
import * as documents from './documents.ts';

/** A resource as a hospital shows it. */
export interface ShownResource {
  readonly resourceType: string;
  readonly versionNumber: number;
  readonly resource: Readonly<Record<string, unknown>>;
}

const resources = z.array(z.object({ resourceType: z.string(), versionNumber: z.number(), resource: z.record(z.string(), z.unknown()) }));
const auditEvents = z.array(
  z.object({ type: z.string(), outcome: z.string(), recordedAt: z.string(), requestId: z.string().nullable(), reasonCode: z.string().nullable(), counterparty: z.string().nullable() }),
);
const timelinePage = z.object({ records: resources, nextCursor: z.string().nullable() });
/** The largest page that a node gives. */
const PAGE = 500;

/** One staff member's session at one hospital: what the scenario and the tests do, they do through this. */
export class HospitalClient {
  private constructor(
    readonly url: string,
    readonly token: string,
  ) {}

  /** @throws CliError `GRAPHQL_FAILED` when the node refuses the sign-in */
  static async signIn(url: string, account: { readonly username: string; readonly password: string }): Promise<HospitalClient> {
    const data = await executeGraphql(url, undefined, documents.signIn, { username: account.username, password: account.password });
    const { token } = expectResult(data['result'], z.object({ token: z.string() }));
    return new HospitalClient(url, token);
  }

  /** Runs one operation whose field is named `result`, and parses it unless it is a failure. */
  async ask<Schema extends z.ZodType>(document: string, variables: object, schema: Schema): Promise<z.infer<Schema> | GraphqlFailure> {
    const { result } = await executeGraphql(this.url, this.token, document, variables);
    return isFailure(result) ? result : schema.parse(result);
  }

  async admitBundle(bundle: unknown, listing: 'LISTED' | 'UNLISTED'): Promise<{ patients: string[]; resources: number; versions: { resourceType: string; id: string; versionId: string }[] }> {
    const versions = z.array(z.object({ resourceType: z.string(), id: z.string(), versionId: z.string() }));
    return this.get(documents.admitBundle, { bundle, listing }, z.object({ patients: z.array(z.string()), resources: z.number(), versions }));
  }

  /** The one patient of this hospital who has the identifier. */
  async findPatient(identifier: { readonly system: string; readonly value: string }): Promise<string> {
    const { patientIds } = await this.get(documents.findPatients, { identifier }, z.object({ patientIds: z.array(z.string()) }));
    const [patientId, ...others] = patientIds;
    if (patientId === undefined || others.length > 0) throw new CliError('GRAPHQL_FAILED', `The hospital has ${patientIds.length} patients with this identifier.`);
    return patientId;
  }

  /** The whole timeline, newest first. */
  async timeline(patientId: string): Promise<ShownResource[]> {
    const all: ShownResource[] = [];
    let after: string | null = null;
    do {
      const page: { records: ShownResource[]; nextCursor: string | null } = await this.get(documents.timeline, { patientId, page: { first: PAGE, after } }, timelinePage);
      all.push(...page.records);
      after = page.nextCursor;
    } while (after !== null);
    return all;
  }

  async giveConsent(input: { patientId: string; recipientDid: string; recipientName: string; purposes: readonly string[] }): Promise<string> {
    return (await this.get(documents.giveConsent, { consent: input }, z.object({ consentId: z.string() }))).consentId;
  }

  async withdrawConsent(consentId: string): Promise<void> {
    await this.get(documents.withdrawConsent, { consentId }, z.object({ consentId: z.string() }));
  }

  async locate(identifier: { readonly system: string; readonly value: string }, purpose: string): Promise<{ locationId: string; holders: { did: string; name: string }[]; incomplete: boolean }> {
    return this.get(
      documents.locate,
      { identifier, purpose },
      z.object({ locationId: z.string(), holders: z.array(z.object({ did: z.string(), name: z.string() })), incomplete: z.boolean() }),
    );
  }

  async requestAccess(input: { locationId: string; holderDid: string; purpose: string; reason: string; resourceTypes?: readonly string[] }): Promise<AccessAnswer> {
    const answer = await this.ask(
      documents.requestAccess,
      { request: input },
      z.object({ requestId: z.string(), state: z.string(), refusalCode: z.string().nullable() }),
    );
    return isFailure(answer) ? { kind: 'failure', code: answer.code } : { kind: 'request', ...answer };
  }

  /** Everything that was released in answer to a request. */
  async releasedRecords(requestId: string): Promise<ShownResource[]> {
    return (await this.get(documents.releasedRecords, { requestId }, z.object({ records: resources }))).records;
  }

  /** The newest events first. */
  async auditTrail(filter: { readonly requestId?: string; readonly patientId?: string; readonly types?: readonly string[] }): Promise<z.infer<typeof auditEvents>> {
    return (await this.get(documents.auditTrail, { filter, page: { first: PAGE } }, z.object({ events: auditEvents }))).events;
  }

  async nodeStatus(): Promise<{ pendingPublications: number; dhtValues: { kind: string; count: number }[]; connectedMembers: number }> {
    return this.get(
      documents.nodeStatus,
      {},
      z.object({ pendingPublications: z.number(), connectedMembers: z.number(), dhtValues: z.array(z.object({ kind: z.string(), count: z.number() })) }),
    );
  }

  private async get<Schema extends z.ZodType>(document: string, variables: object, schema: Schema): Promise<z.infer<Schema>> {
    const { result } = await executeGraphql(this.url, this.token, document, variables);
    return expectResult(result, schema);
  }
}

/** What a hospital answered to an access request. */
export type AccessAnswer =
  | { readonly kind: 'request'; readonly requestId: string; readonly state: string; readonly refusalCode: string | null }
  | { readonly kind: 'failure'; readonly code: string };

function expectResult<Schema extends z.ZodType>(result: unknown, schema: Schema): z.infer<Schema> {
  if (isFailure(result)) throw new CliError('GRAPHQL_FAILED', `The node refused: ${result.code}. ${result.message}`);
  return schema.parse(result);
}

