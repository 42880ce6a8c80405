import type { AuditEntry } from '@carecord/audit';
import { fromBase64Url } from '@carecord/core';
import { verifyContentId } from '@carecord/crypto';
import type { GeneralJws } from '@carecord/crypto';
import { clinicalDate } from '@carecord/fhir';
import { newestFirst, openRelease } from '@carecord/records';
import type { OpenedRecord } from '@carecord/records';
import type { RequesterDependencies, Staff } from './dependencies.ts';
import { ExchangeError } from './exchange-error.ts';
import { checkOpenAt, openGrant } from './grant.ts';
import type { GrantedVersion, OpenedGrant } from './grant.ts';
import type { SentRequest } from './ports.ts';
import type { SealedValues } from './sealed-values.ts';

type Readable = SentRequest & { readonly sealedGrant: Uint8Array };

/** Opens released records for the staff member who asked, within the grant's time. Plaintext exists only in what it returns. */
export class ReleaseReader {
  constructor(
    private readonly dependencies: Pick<
      RequesterDependencies,
      'audit' | 'blocks' | 'clock' | 'recipientKeys' | 'sent' | 'transactions'
    >,
    private readonly sealed: SealedValues,
  ) {}

  async read(requestId: string, staff: Staff): Promise<OpenedRecord[]> {
    const sent = await this.dependencies.sent.find(requestId);
    try {
      const request = readableBy(sent, staff);
      checkOpenAt({ expiresAt: request.deadline.toISOString() }, this.dependencies.clock.now());
      const records = await this.open(request);
      await this.log(sent, requestId, staff, { outcome: 'success', detail: { records: records.length } });
      return records;
    } catch (error) {
      if (error instanceof ExchangeError) await this.log(sent, requestId, staff, { outcome: 'refused', reasonCode: error.code });
      throw error;
    }
  }

  private async open(request: Readable): Promise<OpenedRecord[]> {
    const grant = await this.openStoredGrant(request);
    checkOpenAt(grant.terms, this.dependencies.clock.now());
    const ciphertexts = await this.dependencies.blocks.read(grant.terms.versions.map((version) => version.contentId));
    return newestFirst(grant.terms.versions.map((version, at) => openOne(version, grant.dataKeys[at], ciphertexts[at])));
  }

  private async openStoredGrant(request: Readable): Promise<OpenedGrant> {
    let grant: GeneralJws;
    try {
      grant = this.sealed.openGrant(request.requestId, request.sealedGrant);
    } catch (cause) {
      throw new ExchangeError('GRANT_INVALID', 'The stored grant was changed.', { cause });
    }
    return openGrant(fromBase64Url(grant.payload), this.dependencies.recipientKeys());
  }

  private async log(
    sent: SentRequest | undefined,
    requestId: string,
    staff: Staff,
    result: Pick<AuditEntry, 'detail' | 'outcome' | 'reasonCode'>,
  ): Promise<void> {
    const { audit, transactions } = this.dependencies;
    const about = sent === undefined ? {} : { counterparty: sent.holder, purpose: sent.purpose };
    const entry = { type: 'records-read', actor: { kind: 'staff', id: staff.id, role: staff.role }, requestId, ...about, ...result } as const;
    await transactions.run((transaction) => audit.append(transaction, entry));
  }
}

/** Only who asked, in the role in which they asked; for anyone else the request is not there. */
function readableBy(sent: SentRequest | undefined, staff: Staff): Readable {
  if (sent === undefined || sent.staffId !== staff.id || sent.role !== staff.role) {
    throw new ExchangeError('REQUEST_NOT_FOUND', 'There is no such request of yours.');
  }
  const { state, sealedGrant } = sent;
  if (state === 'expired' && sent.settledAt !== undefined) throw new ExchangeError('GRANT_EXPIRED', 'The time of this request is over: ask again.');
  if (state !== 'released' || sealedGrant === undefined) throw new ExchangeError('WRONG_STATE', `Nothing was released: the request is ${state}.`);
  return { ...sent, sealedGrant };
}

function openOne(version: GrantedVersion, dataKey: Uint8Array | undefined, ciphertext: Uint8Array | undefined): OpenedRecord {
  const { recordId, versionNumber, resourceType, contentId } = version;
  try {
    if (dataKey === undefined || ciphertext === undefined) throw new Error('A block of the grant is missing.');
    verifyContentId(contentId, ciphertext);
    const resource = openRelease(dataKey, ciphertext, { recordId, versionNumber, resourceType });
    const date = clinicalDate(resource);
    return { recordId, versionNumber, resourceType, resource, ...(date === undefined ? {} : { clinicalDate: date }) };
  } catch (cause) {
    throw new ExchangeError('CIPHERTEXT_TAMPERED', 'A received record does not open: it was changed, or is not complete.', { cause });
  }
}
