import type { StaffPrincipal } from '../sessions/staff-principal.ts';

/** Tells whom a session token stands for. */
export abstract class Authenticator {
  /** @throws NodeError `UNAUTHENTICATED` */
  abstract authenticate(token: string): Promise<StaffPrincipal>;
}
