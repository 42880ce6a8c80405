import { describe, expect, it } from '@jest/globals';
import type { AccessQuestion } from '@carecord/exchange';
import type { Location } from '@carecord/locator';
import type { StaffPrincipal } from '../sessions/staff-principal.ts';
import { AccessQuestions } from './access-questions.ts';

const staff: StaffPrincipal = { staffId: 'staff-1', username: 'x', role: 'clinician' };
const tag = new Uint8Array(32).fill(1);
const handle = new Uint8Array(16).fill(2);
const location: Location = { tag, pointers: [{ holder: 'did:example:a', holderName: 'A', handle }], incomplete: false, reasons: [] };

function asking(): { asked: AccessQuestion[]; questions: AccessQuestions } {
  const asked: AccessQuestion[] = [];
  const locator = { loadLocation: (id: string, staffId: string) => Promise.resolve(id === 'mine' && staffId === 'staff-1' ? location : undefined) };
  const requester = {
    requestAccess: (question: AccessQuestion) => {
      asked.push(question);
      return Promise.resolve({ requestId: 'r', state: 'refused' as const });
    },
  };
  return { asked, questions: new AccessQuestions(locator, requester, 'did:example:b') };
}

const question = { locationId: 'mine', holder: 'did:example:a', purpose: 'TREAT' as const, reason: 'x', resourceTypes: undefined };

describe('AccessQuestions', () => {
  it('asks a hospital that lists the patient by its handle, any other by the tag', async () => {
    const { asked, questions } = asking();
    await questions.ask(question, staff);
    await questions.ask({ ...question, holder: 'did:example:c', resourceTypes: ['Observation'] }, staff);
    expect(asked[0]).toEqual({ handle, holder: 'did:example:a', purpose: 'TREAT', reason: 'x', staff: { id: 'staff-1', role: 'clinician' } });
    expect(asked[1]).toMatchObject({ locationTag: tag, holder: 'did:example:c', resourceTypes: ['Observation'] });
    expect(asked[1]).not.toHaveProperty('handle');
  });

  it("refuses a look-up that is over or somebody else's, and asking oneself", async () => {
    const { asked, questions } = asking();
    await expect(questions.ask({ ...question, locationId: 'old' }, staff)).rejects.toMatchObject({ code: 'LOCATION_EXPIRED' });
    await expect(questions.ask(question, { ...staff, staffId: 'staff-2' })).rejects.toMatchObject({ code: 'LOCATION_EXPIRED' });
    await expect(questions.ask({ ...question, holder: 'did:example:b' }, staff)).rejects.toMatchObject({ code: 'HOSPITAL_UNKNOWN' });
    expect(asked).toEqual([]);
  });
});
