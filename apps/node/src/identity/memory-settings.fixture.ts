import type { SettingStore } from '@carecord/storage';

/** Settings of a test, in memory. */
export class MemorySettings implements SettingStore {
  readonly values = new Map<string, string>();

  read(name: string): Promise<string | undefined> {
    return Promise.resolve(this.values.get(name));
  }

  write(name: string, value: string): Promise<void> {
    this.values.set(name, value);
    return Promise.resolve();
  }
}
