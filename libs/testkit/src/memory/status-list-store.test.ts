import { describeStatusListStore } from '../compliance/status-list-store.ts';
import { MemoryStatusListStore } from './status-list-store.ts';

describeStatusListStore('in memory', () => Promise.resolve(new MemoryStatusListStore()));
