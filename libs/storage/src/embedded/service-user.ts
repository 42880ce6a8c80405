import { readFile, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { StorageError } from '../storage-error.ts';

/** The account that PostgreSQL runs under when it is not our own. */
export interface ServiceUser {
  readonly uid: number;
  readonly gid: number;
}

/** In this order: PostgreSQL's own account where the system has one, else the account that owns nothing. */
const CANDIDATES = ['postgres', 'nobody'];

const OTHERS_MAY_SEARCH = 0o001;

/**
 * The account to start PostgreSQL under: PostgreSQL refuses to run as root, so root needs another one; anybody else
 * runs it as themselves (`undefined`).
 * @throws StorageError `EMBEDDED_UNAVAILABLE` when root finds no unprivileged account
 */
export async function chooseServiceUser(): Promise<ServiceUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  for (const candidate of CANDIDATES) {
    const entry = lines.find(([name]) => name === candidate);
    const uid = Number(entry?.[2]);
    const gid = Number(entry?.[3]);
    if (entry !== undefined && Number.isInteger(uid) && uid !== 0 && Number.isInteger(gid)) return { uid, gid };
  }
  throw new StorageError(
    'EMBEDDED_UNAVAILABLE',
    `PostgreSQL does not run as root and this system has no account named ${CANDIDATES.join(' or ')}: run as another user, or set DATABASE_URL.`,
  );
}

/** Whether an account other than the owner can reach what is in `directory`: every directory above it lets others through. */
export async function othersCanReach(directory: string): Promise<boolean> {
  for (let current = resolve(directory); ; current = dirname(current)) {
    const { mode } = await stat(current);
    if ((mode & OTHERS_MAY_SEARCH) === 0) return false;
    if (current === dirname(current)) return true;
  }
}
