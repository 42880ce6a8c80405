import type { Transaction } from '@carecord/core';
import type { RewrapJob, RewrapJobStore } from '@carecord/records';
import { clone } from './clone.ts';
import { MemoryState } from './transactions.ts';

/** The jobs that re-wrap keys in memory. Transactions in memory run one after the other, which is lock enough. */
export class MemoryRewrapJobStore implements RewrapJobStore {
  private readonly state = new MemoryState<Map<string, RewrapJob>>(new Map(), (jobs) => new Map(jobs));

  insert(transaction: Transaction, job: RewrapJob): Promise<boolean> {
    const jobs = this.state.write(transaction);
    if ([...jobs.values()].some(({ level, state }) => level === job.level && state === 'running')) return Promise.resolve(false);
    jobs.set(job.id, clone(job));
    return Promise.resolve(true);
  }

  lock(transaction: Transaction, id: string): Promise<RewrapJob | undefined> {
    return Promise.resolve(clone(this.state.read(transaction).get(id)));
  }

  update(transaction: Transaction, job: RewrapJob): Promise<void> {
    const jobs = this.state.write(transaction);
    const known = jobs.get(job.id);
    if (known === undefined) return Promise.reject(new Error('There is no job of this id.'));
    jobs.set(job.id, clone({ ...job, level: known.level, startedAt: known.startedAt }));
    return Promise.resolve();
  }

  async running(): Promise<RewrapJob[]> {
    const jobs = await this.list(Number.POSITIVE_INFINITY);
    return jobs.filter(({ state }) => state === 'running').reverse();
  }

  list(limit: number): Promise<RewrapJob[]> {
    const jobs = [...this.state.read().values()].sort(byAge);
    return Promise.resolve(jobs.reverse().slice(0, limit).map(clone));
  }
}

function byAge(left: RewrapJob, right: RewrapJob): number {
  const age = left.startedAt.getTime() - right.startedAt.getTime();
  return age === 0 ? (left.id < right.id ? -1 : 1) : age;
}
