import type { Configuration } from '../config/configuration.ts';
import type { RelyingParty } from '../staff/passkeys.ts';

/** For whom passkeys are made: the public address; in a demo without one, this machine (browsers accept `localhost` over HTTP). */
export function relyingPartyOf({ publicUrl, http }: Pick<Configuration, 'publicUrl' | 'http'>): RelyingParty {
  if (publicUrl === undefined) return { relyingPartyId: 'localhost', origins: [`http://localhost:${http.port}`] };
  return { relyingPartyId: new URL(publicUrl).hostname, origins: [publicUrl] };
}
