import { FAILURE_FIELDS } from './graphql-client.ts';

/** The GraphQL operations of the scenario; each asks for one field, under the name `result`. docs/graphql.md explains them. */
export const signIn = `mutation SignIn($username: String!, $password: String!) {
  result: signIn(username: $username, password: $password) { ${FAILURE_FIELDS} ... on SignedInSession { token } }
}`;

export const admitBundle = `mutation AdmitBundle($bundle: FhirJson!, $listing: Listing!) {
  result: admitBundle(bundle: $bundle, listing: $listing) {
    ${FAILURE_FIELDS} ... on Admission { patients resources versions { resourceType id versionId } }
  }
}`;

export const findPatients = `query FindPatients($identifier: IdentifierInput!) {
  result: findPatients(identifier: $identifier) { ${FAILURE_FIELDS} ... on PatientMatches { patientIds } }
}`;

export const timeline = `query Timeline($patientId: ID!, $page: PageInput!) {
  result: timeline(patientId: $patientId, page: $page) {
    ${FAILURE_FIELDS} ... on Timeline { records { resourceType versionNumber resource } nextCursor }
  }
}`;

export const giveConsent = `mutation GiveConsent($consent: ConsentInput!) {
  result: giveConsent(consent: $consent) { ${FAILURE_FIELDS} ... on PatientConsent { consentId } }
}`;

export const withdrawConsent = `mutation WithdrawConsent($consentId: ID!) {
  result: withdrawConsent(consentId: $consentId) { ${FAILURE_FIELDS} ... on PatientConsent { consentId } }
}`;

export const locate = `mutation Locate($identifier: IdentifierInput!, $purpose: PurposeOfUse!) {
  result: locate(identifier: $identifier, purpose: $purpose) {
    ${FAILURE_FIELDS} ... on PatientLocation { locationId holders { did name } incomplete }
  }
}`;

export const requestAccess = `mutation RequestAccess($request: AccessRequestInput!) {
  result: requestAccess(request: $request) { ${FAILURE_FIELDS} ... on AccessRequestOutcome { requestId state refusalCode } }
}`;

export const releasedRecords = `query ReleasedRecords($requestId: ID!) {
  result: releasedRecords(requestId: $requestId) {
    ${FAILURE_FIELDS} ... on ReleasedRecords { records { resourceType versionNumber resource } }
  }
}`;

export const auditTrail = `query AuditTrail($filter: AuditFilterInput, $page: PageInput) {
  result: auditTrail(filter: $filter, page: $page) {
    ${FAILURE_FIELDS} ... on AuditTrail { events { type outcome recordedAt requestId reasonCode counterparty } }
  }
}`;

export const nodeStatus = `query NodeStatus {
  result: nodeStatus { ${FAILURE_FIELDS} ... on NodeState { pendingPublications connectedMembers dhtValues { kind count } } }
}`;

export const peers = `query Peers($page: PageInput) {
  result: peers(page: $page) {
    ${FAILURE_FIELDS} ... on NetworkPeers {
      peers { did name peerId roles connected group address relayed connectedSince latencyMilliseconds statusAgeMilliseconds reputation inRoutingTable } nextCursor
    }
  }
}`;

export const networkStatus = `query NetworkStatus {
  result: networkStatus {
    ${FAILURE_FIELDS} ... on NetworkState {
      health startedAt connectedMembers connections relayedConnections
      routingTable { members buckets }
      messages { protocol direction count failed bytes }
      dropped { reason count }
      storedValues { kind count bytes }
      replication { factor repairedAt underReplicated handedOver }
      lookups { count failed meanHops meanMilliseconds }
      handshakes { succeeded refused { reason count } }
      publications { waiting failed }
    }
  }
}`;
