import { describe, expect, it } from '@jest/globals';
import { MEMBERSHIP_STATES } from '@carecord/storage';
import { MEMBERSHIP_ACTIONS, stateAfter } from './membership-transitions.ts';

const ALLOWED: Readonly<Record<string, string>> = {
  'pending admit': 'admitted',
  'pending refuse': 'refused',
  'admitted suspend': 'suspended',
  'admitted revoke': 'revoked',
  'suspended reinstate': 'admitted',
  'suspended revoke': 'revoked',
};

describe('stateAfter', () => {
  for (const state of MEMBERSHIP_STATES) {
    for (const action of MEMBERSHIP_ACTIONS) {
      const next = ALLOWED[`${state} ${action}`];
      it(`${action} of a hospital that is ${state}: ${next ?? 'cannot be'}`, () => {
        expect(stateAfter(state, action)).toBe(next);
      });
    }
  }
});
