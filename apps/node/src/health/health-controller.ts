import type { ServerResponse } from 'node:http';
import { Controller, Get, Res } from '@nestjs/common';
import { Public } from '../authorisation/requires.ts';
import { respondJson } from '../failures/http-status.ts';
import { Readiness } from './readiness.ts';

const OK = 200;
const UNAVAILABLE = 503;

/** For load balancers and operators. Nothing in the answers is worth hiding from whoever can reach the port. */
@Controller('health')
export class HealthController {
  constructor(private readonly readiness: Readiness) {}

  /** The process answers: a supervisor need not restart it. */
  @Public()
  @Get('live')
  live(): { status: string } {
    return { status: 'up' };
  }

  /** The node can do its work. */
  @Public()
  @Get('ready')
  async ready(@Res() response: ServerResponse): Promise<void> {
    const report = await this.readiness.report();
    respondJson(response, report.ready ? OK : UNAVAILABLE, { status: report.ready ? 'ready' : 'not-ready', parts: report.parts });
  }
}
