import { Inject } from '@nestjs/common';
import { Args, Query, Resolver } from '@nestjs/graphql';
import { AUDIT_EVENT_TYPES, AuditLog } from '@carecord/audit';
import type { AuditEvent } from '@carecord/audit';
import type { TransactionRunner } from '@carecord/core';
import { z } from 'zod';
import { CurrentStaff } from '../../authorisation/caller.ts';
import { Requires } from '../../authorisation/requires.ts';
import { TRANSACTIONS } from '../../composition/tokens.ts';
import { actorOf } from '../../sessions/staff-principal.ts';
import type { StaffPrincipal } from '../../sessions/staff-principal.ts';
import { InputPipe } from '../common/input.ts';
import { idSchema, pageSchema } from '../common/input-schemas.ts';
import type { Page } from '../common/input-schemas.ts';
import { resultUnion } from '../common/result-union.ts';
import { PageInput } from '../common/shared-inputs.ts';
import { AuditFilterInput, AuditTrail } from './audit-types.ts';
import type { AuditTrailEvent } from './audit-types.ts';

const AuditTrailResult = resultUnion('AuditTrailResult', AuditTrail);

const filterSchema = z
  .object({ patientId: idSchema.nullish(), requestId: idSchema.nullish(), types: z.array(z.enum(AUDIT_EVENT_TYPES)).max(AUDIT_EVENT_TYPES.length).nullish() })
  .nullish();

@Resolver()
export class AuditResolver {
  constructor(
    private readonly audit: AuditLog,
    @Inject(TRANSACTIONS) private readonly transactions: TransactionRunner,
  ) {}

  @Requires('audit.read')
  @Query(() => AuditTrailResult, { description: 'Who did what at this hospital, and why. Reading it is an event, too.' })
  async auditTrail(
    @CurrentStaff() staff: StaffPrincipal,
    @Args('filter', { type: () => AuditFilterInput, nullable: true }, new InputPipe(filterSchema)) filter: z.infer<typeof filterSchema>,
    @Args('page', { type: () => PageInput, nullable: true }, new InputPipe(pageSchema)) page: Page,
  ): Promise<AuditTrail> {
    const conditions = {
      ...(filter?.patientId == null ? {} : { patientId: filter.patientId }),
      ...(filter?.requestId == null ? {} : { requestId: filter.requestId }),
    };
    const events = await this.audit.list({
      ...conditions,
      ...(filter?.types == null ? {} : { types: filter.types }),
      ...(page.after === undefined ? {} : { before: page.after }),
      limit: page.first,
    });
    await this.transactions.run((transaction) =>
      this.audit.append(transaction, { type: 'audit-read', outcome: 'success', actor: actorOf(staff), ...conditions, detail: { events: events.length } }),
    );
    return { events: events.map(shown), nextCursor: events.length === page.first ? String(events.at(-1)?.sequence) : null };
  }
}

function shown(event: AuditEvent): AuditTrailEvent {
  return {
    ...event,
    detail: Object.entries(event.detail ?? {}).map(([name, value]) => ({ name, value: String(value) })),
    hash: Buffer.from(event.hash).toString('hex'),
  };
}
