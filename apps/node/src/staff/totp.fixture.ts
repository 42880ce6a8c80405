import { Secret, TOTP } from 'otpauth';
import type { StaffPrincipal } from '../sessions/staff-principal.ts';
import type { StaffFixture } from './staff.fixture.ts';

/** What an authenticator app shows at an instant. */
export function codeAt(secret: string, now: Date): string {
  return new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: now.getTime() });
}

/** Sets one-time codes up; the code of the present step is thereby used. */
export async function enrolTotp(hospital: StaffFixture, staff: StaffPrincipal): Promise<{ readonly secret: string; readonly recoveryCodes: readonly string[] }> {
  const { secret } = await hospital.factors.beginTotp(staff);
  return { secret, recoveryCodes: await hospital.factors.confirmTotp(staff, codeAt(secret, hospital.clock.now())) };
}
