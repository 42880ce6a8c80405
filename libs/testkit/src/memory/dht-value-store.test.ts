import { describeDhtValueStore } from '../compliance/dht-value-store.ts';
import { MemoryDhtValueStore } from './dht-value-store.ts';

describeDhtValueStore('in memory', () => Promise.resolve(new MemoryDhtValueStore()));
