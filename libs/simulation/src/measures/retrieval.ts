import { closestNodes } from '../model/identifiers.ts';
import type { Point } from '../model/identifiers.ts';
import { MessageModel } from '../model/messages.ts';
import { BEHAVIOUR } from '../model/network-model.ts';
import type { NetworkModel } from '../model/network-model.ts';
import type { Random } from '../model/random.ts';

/** What became of reading a value after the lookup of its place. */
export interface Retrieval {
  readonly found: boolean;
  /** From the first question to the first good answer; of no meaning when nothing was found. */
  readonly milliseconds: number;
  readonly messages: number;
}

/** Reading values from those who keep them. */
export class RetrievalModel {
  private readonly network: NetworkModel;
  private readonly messages: MessageModel;

  constructor(network: NetworkModel, random: Random) {
    this.network = network;
    this.messages = new MessageModel(network, random);
  }

  /** Who was given a value at the last repair: the closest of those that were there then, the closest first. */
  holders(place: Point, replication: number): number[] {
    return closestNodes(this.network.ids, place, replication, this.network.established);
  }

  /**
   * Asks members one after another in the order of their distance, `replication` at once, until one gives the value. The asker's own copy counts.
   * @param contacts what the lookup found
   */
  read(asker: number, contacts: readonly number[], holders: readonly number[], replication: number): Retrieval {
    let messages = 0;
    let waited = 0;
    for (let first = 0; first < contacts.length; first += replication) {
      let good = Infinity;
      let last = 0;
      for (const contact of contacts.slice(first, first + replication)) {
        const itself = contact === asker;
        const { milliseconds, answered } = itself ? { milliseconds: 0, answered: true } : this.messages.exchange(asker, contact);
        messages += itself ? 0 : 1;
        last = Math.max(last, Math.min(milliseconds, this.network.parameters.patienceMilliseconds));
        if (answered && this.network.behaviour[contact] === BEHAVIOUR.honest && holders.includes(contact)) good = Math.min(good, milliseconds);
      }
      if (good < Infinity) return { found: true, milliseconds: waited + good, messages };
      waited += last;
    }
    return { found: false, milliseconds: waited, messages };
  }
}
