import type { AddressInfo } from 'node:net';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Logger } from '@carecord/core';
import { NodeError } from '../failures/node-error.ts';

/**
 * Listens; when the port is taken, on any free one where that is allowed.
 * @returns the base address, e.g. `http://127.0.0.1:4101`
 * @throws NodeError `PORT_BUSY`
 */
export async function listen(
  application: NestExpressApplication,
  options: { readonly host: string; readonly port: number; readonly anotherIfBusy: boolean; readonly logger: Logger },
): Promise<string> {
  const { host, port, anotherIfBusy, logger } = options;
  try {
    await application.listen(port, host);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
    if (!anotherIfBusy) throw new NodeError('PORT_BUSY', `The HTTP port ${port} is taken by another program: set CARECORD_HTTP_PORT to another one.`, { cause });
    await application.listen(0, host);
    logger.warn('http-port-busy', { wanted: port, chosen: (application.getHttpServer().address() as AddressInfo).port });
  }
  const { port: actual } = application.getHttpServer().address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${actual}`;
}
