import type { Clock } from '@carecord/core';
import type { Database } from '../database/connection.ts';
import type { SettingStore } from '../ports.ts';

/** Settings in PostgreSQL. */
export class PostgresSettingStore implements SettingStore {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  async read(name: string): Promise<string | undefined> {
    return (await this.database.setting.findUnique({ where: { name } }))?.value;
  }

  async write(name: string, value: string): Promise<void> {
    const updatedAt = this.clock.now();
    await this.database.setting.upsert({ where: { name }, create: { name, value, updatedAt }, update: { value, updatedAt } });
  }
}
