import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { REFUSAL_RATE } from '../sessions/sessions.ts';
import { PASSWORD, staffFixture } from '../staff/staff.fixture.ts';
import type { StaffFixture } from '../staff/staff.fixture.ts';
import { PermissionGuard } from './permission-guard.ts';
import { Public, Requires, STEP_UP_MILLISECONDS } from './requires.ts';

class Operations {
  @Public()
  open(): void {}

  @Requires('timeline.read')
  read(): void {}

  @Requires('staff.manage')
  administer(): void {}

  @Requires('session.own', { stepUp: true })
  sensitive(): void {}

  forgotten(): void {}
}

/** Asks the guard, as a request with this header would. */
async function ask(hospital: StaffFixture, operation: keyof Operations, authorization?: string): Promise<boolean> {
  // Only the metadata of the method are read.
  const handler = Object.getOwnPropertyDescriptor(Operations.prototype, operation)?.value as () => void;
  const request = { headers: authorization === undefined ? {} : { authorization } };
  const context = { getHandler: () => handler, getType: () => 'http', switchToHttp: () => ({ getRequest: () => request }) };
  return await new PermissionGuard(new Reflector(), hospital.sessions).canActivate(context as unknown as ExecutionContext);
}

describe('PermissionGuard', () => {
  it('lets in whom the table lets in, and nobody without a rule', async () => {
    const hospital = staffFixture();
    await hospital.add('carla');
    const bearer = `Bearer ${(await hospital.session('carla')).token}`;
    await expect(ask(hospital, 'open')).resolves.toBe(true);
    await expect(ask(hospital, 'read', bearer)).resolves.toBe(true);
    await expect(ask(hospital, 'read')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(ask(hospital, 'read', 'Basic Y2FybGE6')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(ask(hospital, 'administer', bearer)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    await expect(ask(hospital, 'forgotten', bearer)).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it('asks for a fresh proof before something sensitive, which counts for five minutes in that session alone', async () => {
    const hospital = staffFixture();
    const carla = await hospital.add('carla');
    const [first, second] = [await hospital.session('carla'), await hospital.session('carla')];
    const bearer = `Bearer ${first.token}`;
    await expect(ask(hospital, 'sensitive', bearer)).rejects.toMatchObject({ code: 'STEP_UP_REQUIRED' });
    await hospital.stepUp.prove(first.token, carla, { password: PASSWORD });
    await expect(ask(hospital, 'sensitive', bearer)).resolves.toBe(true);
    await expect(ask(hospital, 'sensitive', `Bearer ${second.token}`)).rejects.toMatchObject({ code: 'STEP_UP_REQUIRED' });
    hospital.clock.advance(STEP_UP_MILLISECONDS - 1);
    await expect(ask(hospital, 'sensitive', bearer)).resolves.toBe(true);
    hospital.clock.advance(1);
    await expect(ask(hospital, 'sensitive', bearer)).rejects.toMatchObject({ code: 'STEP_UP_REQUIRED' });
  });

  it('writes down what was refused, by operation and role, and not without end', async () => {
    const hospital = staffFixture();
    const carla = await hospital.add('carla');
    const bearer = `Bearer ${(await hospital.session('carla')).token}`;
    const refused = (): typeof hospital.entries => hospital.entries.filter(({ type }) => type === 'operation-refused');
    await ask(hospital, 'administer', bearer).catch(() => undefined);
    await ask(hospital, 'sensitive', bearer).catch(() => undefined);
    const actor = { kind: 'staff', id: carla.staffId, role: 'clinician' };
    expect(refused()).toEqual([
      { type: 'operation-refused', outcome: 'refused', actor, reasonCode: 'FORBIDDEN', detail: { operation: 'administer' } },
      { type: 'operation-refused', outcome: 'refused', actor, reasonCode: 'STEP_UP_REQUIRED', detail: { operation: 'sensitive' } },
    ]);
    for (let attempt = 0; attempt < 50; attempt++) await expect(ask(hospital, 'administer', bearer)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(refused()).toHaveLength(REFUSAL_RATE.burst);
  });
});
