import { later } from '@carecord/core';
import { CLOCK_SKEW_MILLISECONDS } from '@carecord/identity';
import type { LocalIdentity } from '@carecord/identity';
import { isHospitalMember } from '@carecord/network';
import type { Member } from '@carecord/network';
import { ExchangeError } from './exchange-error.ts';
import { REQUEST_LIFETIME_MILLISECONDS } from './limits.ts';
import { verifyAccessRequest } from './signed-request.ts';
import type { AccessRequest } from './signed-request.ts';

/**
 * All that a request must be before anything is looked up for it; none of it depends on a patient, so its refusals may
 * say what they are.
 * @throws ExchangeError `REQUEST_INVALID`, `REQUEST_FOREIGN` or `REQUEST_EXPIRED`
 */
export async function checkRequest(
  jws: unknown,
  from: Member,
  identity: Pick<LocalIdentity, 'did' | 'networkId'>,
  now: Date,
): Promise<AccessRequest> {
  checkIsHospital(from, now);
  const request = await verifyAccessRequest(jws, from.resolved);
  checkAskedBySender(request, from);
  checkAskedOfUs(request, identity.did);
  checkNetwork(request, identity.networkId);
  checkTime(request, now);
  return request;
}

/** Only hospitals exchange records. */
export function checkIsHospital(from: Member, now: Date): void {
  if (!isHospitalMember(from, now)) throw foreign('The sender is not a hospital of this network.');
}

function checkAskedBySender(request: AccessRequest, from: Member): void {
  if (request.requester !== from.did) throw foreign('The request was sent by another hospital than the one that asks.');
}

function checkAskedOfUs(request: AccessRequest, did: string): void {
  if (request.holder !== did) throw foreign('The request is for another hospital.');
}

function checkNetwork(request: AccessRequest, networkId: string): void {
  if (request.network !== networkId) throw foreign('The request is for another network.');
}

function checkTime(request: AccessRequest, now: Date): void {
  const [issuedAt, expiresAt] = [new Date(request.issuedAt), new Date(request.expiresAt)];
  const tooLong = expiresAt > later(issuedAt, REQUEST_LIFETIME_MILLISECONDS);
  const early = issuedAt > later(now, CLOCK_SKEW_MILLISECONDS);
  const late = later(expiresAt, CLOCK_SKEW_MILLISECONDS) <= now;
  if (tooLong || early || late) throw new ExchangeError('REQUEST_EXPIRED', 'The request is outside the time that it is good for: check both clocks, ask again.');
}

function foreign(message: string): ExchangeError {
  return new ExchangeError('REQUEST_FOREIGN', message);
}
