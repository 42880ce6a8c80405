import type { Transaction } from '@carecord/core';
import type { CountedUse, GuardianStore, KeyName, StoredAdmissions, StoredCeremony, StoredKey, StoredShare } from '@carecord/locator';
import { clone } from './clone.ts';
import { MemoryState } from './transactions.ts';

interface Kept {
  readonly keys: Map<number, StoredKey>;
  readonly shares: Map<string, StoredShare>;
  readonly ceremonies: Map<string, StoredCeremony>;
  readonly counts: Map<string, { readonly period: string; readonly amount: number }>;
  readonly admissions: Map<string, StoredAdmissions>;
}

const EMPTY: Kept = { keys: new Map(), shares: new Map(), ceremonies: new Map(), counts: new Map(), admissions: new Map() };

/** Guardians' keys, shares and counts in memory. Transactions run one at a time, so no row needs a lock of its own. */
export class MemoryGuardianStore implements GuardianStore {
  private readonly state = new MemoryState<Kept>(EMPTY, ({ keys, shares, ceremonies, counts, admissions }) => ({
    keys: new Map(keys),
    shares: new Map(shares),
    ceremonies: new Map(ceremonies),
    counts: new Map(counts),
    admissions: new Map(admissions),
  }));

  keys(): Promise<StoredKey[]> {
    const keys = [...this.state.read().keys.values()];
    return Promise.resolve(clone(keys.sort((one, other) => other.epoch - one.epoch)));
  }

  saveKey(transaction: Transaction, key: StoredKey): Promise<boolean> {
    const { keys } = this.state.write(transaction);
    const known = keys.get(key.epoch);
    if (known !== undefined && known.version >= key.version) return Promise.resolve(false);
    keys.set(key.epoch, clone(key));
    return Promise.resolve(true);
  }

  updateKey(transaction: Transaction, key: StoredKey): Promise<void> {
    const { keys } = this.state.write(transaction);
    if (keys.get(key.epoch)?.version === key.version) keys.set(key.epoch, clone(key));
    return Promise.resolve();
  }

  removeEpoch(transaction: Transaction, epoch: number): Promise<void> {
    const { keys, shares } = this.state.write(transaction);
    keys.delete(epoch);
    for (const [id, share] of shares) if (share.epoch === epoch) shares.delete(id);
    return Promise.resolve();
  }

  share(name: KeyName): Promise<StoredShare | undefined> {
    return Promise.resolve(clone(this.state.read().shares.get(idOf(name))));
  }

  shares(): Promise<KeyName[]> {
    return Promise.resolve([...this.state.read().shares.values()].map(({ epoch, version }) => ({ epoch, version })));
  }

  saveShare(transaction: Transaction, share: StoredShare): Promise<void> {
    const { shares } = this.state.write(transaction);
    if (shares.has(idOf(share))) return Promise.reject(new Error('There is a share of that key already.'));
    shares.set(idOf(share), clone(share));
    return Promise.resolve();
  }

  removeShare(transaction: Transaction, name: KeyName): Promise<void> {
    this.state.write(transaction).shares.delete(idOf(name));
    return Promise.resolve();
  }

  ceremony(name: KeyName): Promise<StoredCeremony | undefined> {
    return Promise.resolve(clone(this.state.read().ceremonies.get(idOf(name))));
  }

  ceremonies(): Promise<StoredCeremony[]> {
    return Promise.resolve(clone([...this.state.read().ceremonies.values()]));
  }

  beginCeremony(transaction: Transaction, ceremony: StoredCeremony): Promise<boolean> {
    const { ceremonies } = this.state.write(transaction);
    if (ceremonies.has(idOf(ceremony))) return Promise.resolve(false);
    ceremonies.set(idOf(ceremony), clone(ceremony));
    return Promise.resolve(true);
  }

  replaceCeremony(transaction: Transaction, ceremony: StoredCeremony, expected: Pick<StoredCeremony, 'attempt' | 'phase'>): Promise<boolean> {
    const { ceremonies } = this.state.write(transaction);
    const known = ceremonies.get(idOf(ceremony));
    if (known?.attempt !== expected.attempt || known.phase !== expected.phase) return Promise.resolve(false);
    ceremonies.set(idOf(ceremony), clone(ceremony));
    return Promise.resolve(true);
  }

  removeCeremony(transaction: Transaction, name: KeyName): Promise<void> {
    this.state.write(transaction).ceremonies.delete(idOf(name));
    return Promise.resolve();
  }

  count(transaction: Transaction, uses: readonly CountedUse[]): Promise<CountedUse | undefined> {
    const { counts } = this.state.write(transaction);
    const after = uses.map((use) => ({ use, amount: (counts.get(countOf(use))?.amount ?? 0) + use.amount }));
    const exceeded = after.find(({ use, amount }) => amount > use.limit);
    if (exceeded !== undefined) return Promise.resolve(clone(exceeded.use));
    for (const { use, amount } of after) counts.set(countOf(use), { period: use.period, amount });
    return Promise.resolve(undefined);
  }

  removeCountsBefore(transaction: Transaction, day: string): Promise<number> {
    const { counts } = this.state.write(transaction);
    const over = [...counts].filter(([, { period }]) => /^\d/.test(period) && period < day);
    for (const [id] of over) counts.delete(id);
    return Promise.resolve(over.length);
  }

  admissions(transaction: Transaction, hospital: string): Promise<StoredAdmissions | undefined> {
    return Promise.resolve(clone(this.state.read(transaction).admissions.get(hospital)));
  }

  saveAdmissions(transaction: Transaction, admissions: StoredAdmissions): Promise<void> {
    this.state.write(transaction).admissions.set(admissions.hospital, clone(admissions));
    return Promise.resolve();
  }
}

function idOf({ epoch, version }: KeyName): string {
  return `${epoch} ${version}`;
}

function countOf({ period, subject }: Pick<CountedUse, 'period' | 'subject'>): string {
  return `${period} ${subject}`;
}
