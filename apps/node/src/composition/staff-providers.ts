import type { Provider } from '@nestjs/common';
import { Sessions } from '../sessions/sessions.ts';
import { Passkeys } from '../staff/passkeys.ts';
import { SecondFactors } from '../staff/second-factors.ts';
import { SignIn } from '../staff/sign-in.ts';
import { StaffAdministration } from '../staff/staff-administration.ts';
import type { StaffServices } from '../staff/staff-services.ts';
import { StepUp } from '../staff/step-up.ts';

/** What concerns the staff of any node, under the names by which the resolvers ask for it. */
export function staffProviders({ sessions, signIn, stepUp, factors, passkeys, administration }: StaffServices): Provider[] {
  return [
    { provide: Sessions, useValue: sessions },
    { provide: SignIn, useValue: signIn },
    { provide: StepUp, useValue: stepUp },
    { provide: SecondFactors, useValue: factors },
    { provide: Passkeys, useValue: passkeys },
    { provide: StaffAdministration, useValue: administration },
  ];
}
