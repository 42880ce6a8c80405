import { stat } from 'node:fs/promises';

/** Whether there is something at the path that we may look at. */
export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch {
    return false;
  }
}
