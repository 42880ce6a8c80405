import { randomBytes } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { demoStaff } from './demo-hospitals.ts';
import { ensureSecretFile } from './directory.ts';

/** A demo account as it is printed and as the node reads it. */
export interface DemoUser {
  readonly username: string;
  readonly password: string;
  readonly role: string;
}

/** The files of any demo node that hold secrets; each is made once and kept. */
export interface DemoNodeSecrets {
  readonly directory: string;
  readonly passphraseFile: string;
  readonly accountsFile: string;
  readonly users: readonly DemoUser[];
}

/** Those of a demo hospital. */
export interface DemoHospitalSecrets extends DemoNodeSecrets {
  readonly ticketFile: string;
}

const users = z.array(z.object({ username: z.string(), password: z.string(), role: z.string() }));
/** 128 random bits each: nobody guesses them, and a person can still paste them. */
const SECRET_BYTES = 16;

function secret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

/** Makes, or finds again, a demo node's folder with its passphrase and the passwords of its staff. */
export async function ensureNodeSecrets(directory: string, staff: readonly Omit<DemoUser, 'password'>[]): Promise<DemoNodeSecrets> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const passphraseFile = join(directory, 'passphrase');
  const accountsFile = join(directory, 'accounts.json');
  await ensureSecretFile(passphraseFile, secret);
  const accounts = await ensureSecretFile(accountsFile, () => JSON.stringify(staff.map((member) => ({ ...member, password: secret() }))));
  return { directory, passphraseFile, accountsFile, users: users.parse(JSON.parse(accounts)) };
}

/** The same with a hospital's admission ticket. */
export async function ensureHospitalSecrets(directory: string): Promise<DemoHospitalSecrets> {
  const node = await ensureNodeSecrets(directory, demoStaff);
  const ticketFile = join(directory, 'admission-ticket');
  await ensureSecretFile(ticketFile, secret);
  return { ...node, ticketFile };
}

/** The file from which the demo authority learns the one-time tickets that it gave out, one a hospital; written anew, as hospitals may have been added. */
export async function writeTicketList(directory: string, tickets: readonly { readonly ticket: string; readonly name: string }[]): Promise<string> {
  const path = join(directory, 'tickets.json');
  await writeFile(`${path}.new`, JSON.stringify(tickets), { mode: 0o600 });
  await rename(`${path}.new`, path);
  return path;
}
