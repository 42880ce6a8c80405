/**
 * What we use of didwebvh-ts 2.8. Its own types re-export files without extension, which TypeScript does not find under
 * `module: nodenext`.
 */
declare module 'didwebvh-ts' {
  export interface Verifier {
    verify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): Promise<boolean>;
  }

  export enum MultibaseEncoding {
    BASE64URL_NO_PAD = 'u',
    BASE58_BTC = 'z',
  }

  export function multibaseEncode(bytes: Uint8Array, encoding?: MultibaseEncoding): string;
  export function multibaseDecode(text: string): { bytes: Uint8Array; encoding: MultibaseEncoding };
  export function resolveDIDFromLog(
    log: readonly object[],
    options: { verifier: Verifier; scid?: string; requestedDid?: string; witnessProofs: readonly object[] },
  ): Promise<{ did: string; doc: Record<string, unknown> | null; meta: { versionId: string; deactivated: boolean; error?: string } }>;
}
