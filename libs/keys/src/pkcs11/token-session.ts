import { KeyLock } from '@carecord/core';
import type { Handle } from 'pkcs11js';
import { KeysError } from '../keys-error.ts';
import { readSecret } from '../secret-file.ts';
import { acquireModule, codeOf, releaseModule } from './addon.ts';
import type { Module } from './addon.ts';

/** Which token, and what opens it. */
export interface TokenOptions {
  /** The shared library of the token's maker. */
  readonly modulePath: string;
  readonly tokenLabel: string;
  /** Either the PIN or the file that holds it, which is read whenever a session is opened. */
  readonly pin?: string;
  readonly pinFile?: string;
}

/** CKS_RW_USER_FUNCTIONS: a session that may write, of a user who is signed in. */
const RW_USER_FUNCTIONS = 3;

/** A session on a token in which our user is signed in. */
export interface Session extends Module {
  readonly handle: Handle;
}

/**
 * One session on one token, for one caller after the other: PKCS#11 keeps the state of an operation in its session. A
 * session that has ended, with its token or without, is opened anew.
 */
export class TokenSession {
  private session: Session | undefined;
  private closed = false;
  /** A token locks itself after a few wrong PINs: one that was refused is never tried again. */
  private refusedPin: string | undefined;
  private readonly turns = new KeyLock();

  constructor(private readonly options: TokenOptions) {}

  /**
   * Runs the work in the session; where the module reports an error, once more in a new one.
   * @throws KeysError of the work; `HOLDER_UNREACHABLE`, `HOLDER_REFUSED`, `PKCS11_UNAVAILABLE`, `HOLDER_MISCONFIGURED`
   */
  run<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    return this.turns.run('', async () => {
      const fresh = this.session === undefined;
      try {
        return await this.attempt(work);
      } catch (error) {
        if (error instanceof KeysError || fresh) throw error;
        return await this.attempt(work);
      }
    }).catch((error: unknown) => {
      throw error instanceof KeysError ? error : new KeysError('HOLDER_UNREACHABLE', 'The token does not do what it is asked.', { cause: error });
    });
  }

  close(): Promise<void> {
    return this.turns.run('', () => {
      this.closed = true;
      this.drop();
      return Promise.resolve();
    });
  }

  private async attempt<Result>(work: (session: Session) => Promise<Result>): Promise<Result> {
    if (this.closed) throw new KeysError('HOLDER_UNREACHABLE', 'The token was closed.');
    if (!this.isSignedIn()) this.drop();
    this.session ??= await this.connect();
    try {
      return await work(this.session);
    } catch (error) {
      if (codeOf(error) !== undefined) this.drop();
      throw error;
    }
  }

  /** Who is not signed in sees no private objects: the token would look empty, and be given another first key. */
  private isSignedIn(): boolean {
    if (this.session === undefined) return false;
    try {
      return this.session.cryptoki.C_GetSessionInfo(this.session.handle).state === RW_USER_FUNCTIONS;
    } catch {
      return false;
    }
  }

  private async connect(): Promise<Session> {
    const { modulePath, pin, pinFile } = this.options;
    const secret = await readSecret(pin, pinFile, 'PIN');
    if (secret === this.refusedPin) throw pinRefused();
    const module = await acquireModule(modulePath);
    try {
      const { addon, cryptoki } = module;
      const handle = cryptoki.C_OpenSession(this.findSlot(module), addon.CKF_SERIAL_SESSION | addon.CKF_RW_SESSION);
      this.signIn(module, handle, secret);
      return { addon, cryptoki, handle };
    } catch (error) {
      // With the last user the module ends, so that the next attempt sees tokens that came or went.
      releaseModule(modulePath);
      throw error;
    }
  }

  private findSlot({ cryptoki }: Module): Handle {
    const slots = cryptoki.C_GetSlotList(true).filter((slot) => cryptoki.C_GetTokenInfo(slot).label.trim() === this.options.tokenLabel);
    const [slot] = slots;
    if (slot === undefined) throw new KeysError('HOLDER_UNREACHABLE', 'No token of the configured label is there.');
    if (slots.length > 1) throw new KeysError('HOLDER_MISCONFIGURED', 'Several tokens have the configured label.');
    return slot;
  }

  private signIn({ addon, cryptoki }: Module, handle: Handle, pin: string): void {
    try {
      cryptoki.C_Login(handle, addon.CKU_USER, pin);
    } catch (error) {
      const code = codeOf(error);
      if (code === addon.CKR_USER_ALREADY_LOGGED_IN) return;
      cryptoki.C_CloseSession(handle);
      const refusals = [addon.CKR_PIN_INCORRECT, addon.CKR_PIN_INVALID, addon.CKR_PIN_LEN_RANGE, addon.CKR_PIN_EXPIRED, addon.CKR_PIN_LOCKED];
      if (code === undefined || !refusals.includes(code)) throw error;
      this.refusedPin = pin;
      throw pinRefused(error);
    }
  }

  private drop(): void {
    const { session } = this;
    if (session === undefined) return;
    this.session = undefined;
    try {
      session.cryptoki.C_CloseSession(session.handle);
    } catch {
      // It has ended already.
    }
    releaseModule(this.options.modulePath);
  }
}

function pinRefused(cause?: unknown): KeysError {
  return new KeysError('HOLDER_REFUSED', 'The token does not accept the PIN, which is not tried again: a token locks itself after a few wrong ones.', { cause });
}
