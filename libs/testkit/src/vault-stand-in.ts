import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
// eslint-disable-next-line @typescript-eslint/no-restricted-imports -- it stands in for somebody else's server
import { createServer } from 'node:http';
// eslint-disable-next-line @typescript-eslint/no-restricted-imports -- likewise
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StandInTransitKey } from './vault-stand-in-key.ts';
import type { TransitAnswer } from './vault-stand-in-key.ts';

/** What a token may do at a path: `read` for GET, `update` for POST, `create` for encrypting under a key that is not there, `delete`. */
export type VaultPolicy = Readonly<Record<string, readonly ('create' | 'read' | 'update' | 'delete')[]>>;

/** What the server was asked; tokens are left out. */
export interface VaultRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What the server answers instead of working. */
export interface VaultFailure {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Done before the answer is given. */
  readonly meanwhile?: () => Promise<void>;
}

/** A server that speaks the documented interface of Vault's transit engine, over a real socket, with keys in memory. */
export class VaultStandIn {
  /** Every request, oldest first. */
  readonly requests: VaultRequest[] = [];
  private readonly keys = new Map<string, StandInTransitKey>();
  private readonly tokens = new Map<string, VaultPolicy>();
  private readonly failures: (VaultFailure | 'hang')[] = [];
  private sealed = false;
  private readonly server = createServer((request, response) => void this.handle(request, response));

  /** Starts it on a free port of this machine. */
  static async start(): Promise<VaultStandIn> {
    const standIn = new VaultStandIn();
    standIn.server.listen(0, '127.0.0.1');
    await once(standIn.server, 'listening');
    return standIn;
  }

  /** For the client's configuration. */
  get address(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** A token with a policy. @default everything below `transit/` */
  issueToken(policy: VaultPolicy = { 'transit/*': ['create', 'read', 'update', 'delete'] }): string {
    const token = `hvs.${randomUUID()}`;
    this.tokens.set(token, policy);
    return token;
  }

  revokeToken(token: string): void {
    this.tokens.delete(token);
  }

  /** A sealed server answers 503 to everything. */
  setSealed(sealed: boolean): void {
    this.sealed = sealed;
  }

  /** What the next requests get, one each, before the server works again. */
  failNext(...failures: readonly (VaultFailure | 'hang')[]): void {
    this.failures.push(...failures);
  }

  async stop(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    const { 'x-vault-token': token, ...headers } = request.headers;
    const { method = '', url = '' } = request;
    this.requests.push({ method, path: url, headers, body });
    const failure = this.failures.shift();
    if (failure === 'hang') return;
    if (failure !== undefined) {
      await failure.meanwhile?.();
      response.writeHead(failure.status, failure.headers).end(failure.body ?? '{"errors":["on purpose"]}');
      return;
    }
    const { status, data, error } = this.answer(method, url, String(token), body);
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(status === 204 ? undefined : JSON.stringify(data === undefined ? { errors: error === undefined ? [] : [error] } : { request_id: randomUUID(), data }));
  }

  private answer(method: string, url: string, token: string, body: string): Omit<TransitAnswer, 'status'> & { readonly status: number } {
    if (this.sealed) return { status: 503, error: 'Vault is sealed' };
    const path = url.replace(/^\/v1\//, '');
    const [, action = '', name = '', change] = /^transit\/(keys|encrypt|decrypt)\/([\w-]+)(?:\/(rotate|config|trim))?$/.exec(path) ?? [];
    const known = this.keys.get(name);
    // Only encrypting tells making from changing, as in the real one.
    const making = action === 'encrypt' && known === undefined;
    const capability = method === 'GET' ? 'read' : method === 'DELETE' ? 'delete' : making ? 'create' : 'update';
    if (!this.allows(token, path, capability)) return { status: 403, error: 'permission denied' };
    if (action === '') return { status: 404 };
    if (method === 'POST' && change === undefined && action !== 'decrypt' && known === undefined) return this.make(name, action, body);
    if (known === undefined) return method === 'GET' ? { status: 404 } : { status: 400, error: 'encryption key not found' };
    return this.work(known, name, `${method} ${change ?? action}`, body);
  }

  /** As the real one: encrypting under a key that is not there makes it, where the policy lets it. */
  private make(name: string, action: string, body: string): TransitAnswer {
    const key = new StandInTransitKey(name, action === 'keys' ? parse(body) : {});
    this.keys.set(name, key);
    return action === 'keys' ? key.read() : key.encrypt(parse(body));
  }

  private work(key: StandInTransitKey, name: string, what: string, body: string): TransitAnswer {
    switch (what) {
      case 'GET keys':
      case 'POST keys':
        return key.read();
      case 'POST rotate':
        return key.rotate();
      case 'POST config':
        return key.configure(parse(body));
      case 'POST trim':
        return key.trim(parse(body));
      case 'POST encrypt':
        return key.encrypt(parse(body));
      case 'POST decrypt':
        return key.decrypt(parse(body));
      case 'DELETE keys':
        if (!key.mayBeDeleted) return { status: 400, error: 'deletion is not allowed for this key' };
        this.keys.delete(name);
        return { status: 204 };
      default:
        return { status: 404 };
    }
  }

  private allows(token: string, path: string, capability: VaultPolicy[string][number]): boolean {
    const rules = Object.entries(this.tokens.get(token) ?? {});
    return rules.some(([rule, capabilities]) => capabilities.includes(capability) && (rule.endsWith('*') ? path.startsWith(rule.slice(0, -1)) : path === rule));
  }
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}
