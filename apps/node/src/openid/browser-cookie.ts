import type { IncomingMessage } from 'node:http';

/** Longer than the longest sign-in with its hand-over. */
const MAX_AGE_SECONDS = 15 * 60;
const SECRET = /^[A-Za-z0-9_-]{43}$/;

/**
 * The cookie that proves that all steps of a sign-in happen in one browser. Scripts cannot read it, other sites cannot send
 * it along but by a link, and under `https` the `__Host-` prefix keeps neighbours of our domain from setting it (RFC 6265bis).
 */
export class BrowserCookie {
  private readonly name: string;
  private readonly attributes: string;

  constructor(publicUrl: string) {
    const secure = publicUrl.startsWith('https://');
    this.name = secure ? '__Host-carecord-openid' : 'carecord-openid';
    this.attributes = `Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
  }

  /** The value of `Set-Cookie` that makes the browser keep the secret. */
  keep(secret: string): string {
    return `${this.name}=${secret}; Max-Age=${MAX_AGE_SECONDS}; ${this.attributes}`;
  }

  /** The value of `Set-Cookie` that makes the browser forget it. */
  forget(): string {
    return `${this.name}=; Max-Age=0; ${this.attributes}`;
  }

  /** The secret of the browser; undefined when there is none, or more than one: then somebody else has set one, too. */
  read(request: IncomingMessage): string | undefined {
    const values = (request.headers.cookie ?? '').split(';').flatMap((pair) => {
      const [name, value = ''] = pair.trim().split('=', 2);
      return name === this.name ? [value] : [];
    });
    const [secret] = values;
    return values.length === 1 && secret !== undefined && SECRET.test(secret) ? secret : undefined;
  }
}
