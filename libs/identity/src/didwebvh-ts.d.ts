/**
 * What we use of didwebvh-ts 2.8. Its own types re-export files without extension, which TypeScript does not find under
 * `module: nodenext`.
 */
declare module 'didwebvh-ts' {
  export interface VerificationMethod {
    id: string;
    type: string;
    controller: string;
    publicKeyMultibase?: string;
    publicKeyJwk?: Record<string, string>;
  }

  export interface DIDDoc {
    '@context': string[];
    id: string;
    verificationMethod: VerificationMethod[];
    authentication: string[];
    assertionMethod: string[];
    keyAgreement: string[];
  }

  export interface DIDLogEntry {
    versionId: string;
    versionTime: string;
    parameters: Record<string, unknown>;
    state: Record<string, unknown>;
    proof?: Record<string, unknown>[];
  }

  export interface Signer {
    sign(input: { document: unknown; proof: unknown }): Promise<{ proofValue: string }>;
    getVerificationMethodId(): string;
  }

  export interface Verifier {
    verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): Promise<boolean>;
  }

  export enum MultibaseEncoding {
    BASE64URL_NO_PAD = 'u',
    BASE58_BTC = 'z',
  }

  export function multibaseEncode(bytes: Uint8Array, encoding?: MultibaseEncoding): string;
  export function multibaseDecode(text: string): { bytes: Uint8Array; encoding: MultibaseEncoding };
  export function prepareDataForSigning(document: unknown, proof: unknown): Promise<Uint8Array>;

  export function createDID(options: {
    domain: string;
    signer: Signer;
    verifier: Verifier;
    updateKeys: string[];
    didDocument: DIDDoc;
    created: string;
  }): Promise<{ did: string; log: DIDLogEntry[] }>;

  export function updateDID(options: {
    log: DIDLogEntry[];
    signer: Signer;
    verifier: Verifier;
    updateKeys?: string[];
    updated?: string;
  }): Promise<{ did: string; log: DIDLogEntry[] }>;

  export function deactivateDID(options: { log: DIDLogEntry[]; signer: Signer; verifier: Verifier }): Promise<{ did: string; log: DIDLogEntry[] }>;

  export function resolveDIDFromLog(
    log: readonly DIDLogEntry[],
    options: { verifier: Verifier; scid?: string; requestedDid?: string; witnessProofs: never[] },
  ): Promise<{ did: string; doc: unknown; meta: { versionId: string; deactivated: boolean; error?: string } }>;
}
