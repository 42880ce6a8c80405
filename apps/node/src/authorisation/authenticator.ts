import type { StaffPrincipal } from '../sessions/staff-principal.ts';

/** Why the guard sent a signed-in person away. */
export type RefusalCode = 'FORBIDDEN' | 'STEP_UP_REQUIRED';

/** Tells whom a session token stands for, and notes what that person tried in vain. */
export abstract class Authenticator {
  /** @throws NodeError `UNAUTHENTICATED` */
  abstract authenticate(token: string): Promise<StaffPrincipal>;

  /**
   * Whether the person proved lately enough who they are for something sensitive.
   * @see STEP_UP_MILLISECONDS
   */
  abstract isSteppedUp(staff: StaffPrincipal): boolean;

  /** Notes an operation that was refused, by the name of its field or route; bounded, so that nobody can fill the log. */
  abstract noteRefusal(token: string, staff: StaffPrincipal, operation: string, code: RefusalCode): Promise<void>;
}
