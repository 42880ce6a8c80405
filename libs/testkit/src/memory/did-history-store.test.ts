import { describeDidHistoryStore } from '../compliance/did-history-store.ts';
import { MemoryDidHistoryStore } from './did-history-store.ts';

describeDidHistoryStore('in memory', () => Promise.resolve(new MemoryDidHistoryStore()));
