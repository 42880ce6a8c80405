import { MAX_DID_CHARACTERS } from '../limits.ts';

/** RFC 1123. A last label that starts with a letter is no part of an IPv4 address in any of its spellings. */
const HOST = '(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)*[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?';
/** The colon is encoded, in the one spelling; no leading zero. */
const PORT = '(?:%3A([1-9][0-9]{0,4}))?';
/** Letters of any script are percent-encoded; anything of ASCII that would need to be has a meaning in paths, and is refused. */
const SEGMENT = '(?!\\.{1,2}(?::|$))(?:[A-Za-z0-9._-]|%[89A-F][0-9A-F])+';
const LOCATION = new RegExp(`^(${HOST})${PORT}((?::${SEGMENT})*)$`);
const MAX_HOST_CHARACTERS = 253;
const MAX_PORT = 65_535;

/**
 * The folder that the end of a did:web or did:webvh names, without a slash at its end: `a.example%3A8443:b` is
 * `https://a.example:8443/b`, and a host alone its `/.well-known`. Undefined for an IP address, a wrongly encoded port, or a
 * path that leads elsewhere.
 */
export function didHttpsFolder(location: string): string | undefined {
  const [, host = '', port, path = ''] = (location.length <= MAX_DID_CHARACTERS && LOCATION.exec(location)) || [];
  if (host === '' || host.length > MAX_HOST_CHARACTERS || Number(port ?? 1) > MAX_PORT) return undefined;
  return `https://${host}${port === undefined ? '' : `:${port}`}${path === '' ? '/.well-known' : path.replaceAll(':', '/')}`;
}
