import type { Clock } from '@carecord/core';
import { isHospitalMember } from '@carecord/network';
import type { MessageProtocol, NetworkHost } from '@carecord/network';
import type { z } from 'zod';

/** Who asks a guardian. */
export interface Asker {
  readonly did: string;
  /** Whether it may do now what only hospitals do. */
  readonly isHospital: boolean;
}

type LocalHandler = (request: unknown, from: Asker) => Promise<unknown>;

/** Messages to guardians, of which we may be one ourselves: a host does not ask its own DID. */
export class GuardianChannel {
  private readonly local = new Map<string, LocalHandler>();

  /** @param isHospital whether we are a hospital */
  constructor(
    private readonly network: Pick<NetworkHost, 'did' | 'handle' | 'request'>,
    private readonly isHospital: boolean,
    private readonly clock: Clock,
  ) {}

  /** Answers a protocol, also to ourselves. */
  handle<Request extends z.ZodType, Response extends z.ZodType>(
    protocol: MessageProtocol<Request, Response>,
    handler: (request: z.infer<Request>, from: Asker) => Promise<z.infer<Response>>,
  ): void {
    this.local.set(protocol.name, handler as LocalHandler);
    this.network.handle(protocol, (request, from) => handler(request, { did: from.did, isHospital: isHospitalMember(from, this.clock.now()) }));
  }

  /** Asks a guardian. @throws what `NetworkHost.request` throws; of ourselves what the handler throws */
  async request<Request extends z.ZodType, Response extends z.ZodType>(
    protocol: MessageProtocol<Request, Response>,
    did: string,
    request: z.infer<Request>,
    options?: { readonly signal?: AbortSignal },
  ): Promise<z.infer<Response>> {
    if (did !== this.network.did) return await this.network.request(protocol, did, request, options);
    const handler = this.local.get(protocol.name);
    if (handler === undefined) throw new Error(`We do not answer ${protocol.name} ourselves.`);
    return (await handler(request, { did, isHospital: this.isHospital })) as z.infer<Response>;
  }
}
