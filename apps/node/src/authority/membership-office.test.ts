import { beforeEach, describe, expect, it } from '@jest/globals';
import { MEMBERSHIP_STATES } from '@carecord/storage';
import type { StoredMembership } from '@carecord/storage';
import { ManualClock } from '@carecord/testkit';
import { TestApplicant } from './applicant.fixture.ts';
import { AuthorityNode, NETWORK_ID, REGISTRAR } from './authority.fixture.ts';
import { DEFAULT_TICKET_MILLISECONDS, MAX_PENDING } from './membership-office.ts';
import { MembershipRegister } from './membership-register.ts';
import { MEMBERSHIP_ACTIONS } from './membership-transitions.ts';
import type { MembershipAction } from './membership-transitions.ts';

const MINUTE = 60_000;
const TICKET = 'ticket-for-a-0123456789';
const refusal = (code: string): unknown => expect.objectContaining({ code });

let clock: ManualClock;
let authority: AuthorityNode;
let hospital: TestApplicant;

type ApplicationOptions = Parameters<TestApplicant['application']>[1];
const apply = async (options: ApplicationOptions = {}, applicant = hospital): Promise<StoredMembership> => await authority.office.apply(await applicant.application(authority.did, options));
const decide = (action: MembershipAction, reasonCode?: string): Promise<StoredMembership> => authority.office.decide(hospital.did, action, REGISTRAR, reasonCode);
const eventsOf = async (): Promise<string[]> => (await authority.events()).map(({ type, outcome, reasonCode }) => [type, outcome, ...(reasonCode === undefined ? [] : [reasonCode])].join(' '));

/** Brings the hospital into a state, by what leads there. */
const WAY: Readonly<Record<StoredMembership['state'], readonly MembershipAction[]>> = { pending: [], refused: ['refuse'], admitted: ['admit'], suspended: ['admit', 'suspend'], revoked: ['admit', 'revoke'] };
async function bringTo(state: StoredMembership['state']): Promise<void> {
  await apply();
  for (const action of WAY[state]) await decide(action);
}

beforeEach(async () => {
  clock = new ManualClock();
  authority = await AuthorityNode.make(clock);
  hospital = await TestApplicant.make(clock);
});

describe('an application', () => {
  it('without a ticket waits for a person', async () => {
    expect(await apply()).toMatchObject({ did: hospital.did, name: 'Hospital A', state: 'pending', statusIndex: undefined, history: hospital.history, appliedAt: clock.now() });
    expect([await eventsOf(), authority.announced]).toEqual([[], []]);
  });

  it('that comes again changes nothing', async () => {
    const first = await apply();
    clock.advance(MINUTE);
    expect(await apply({ name: 'Hospital Z' })).toEqual(first);
  });

  it.each<[string, () => Promise<unknown>, string]>([
    ['nothing', () => Promise.resolve(undefined), 'APPLICATION_INVALID'],
    ['something else', () => Promise.resolve({ payload: 'e30', signatures: [] }), 'APPLICATION_INVALID'],
    ['one for another authority', () => hospital.application(hospital.did), 'APPLICATION_WRONG_AUDIENCE'],
    ['one that was changed', async () => ({ ...(await hospital.application(authority.did)), payload: (await hospital.application(authority.did, { name: 'Hospital Z' })).payload }), 'APPLICATION_INVALID'],
    ['an old one', async () => hospital.application(authority.did).then((old) => (clock.advance(3 * MINUTE), old)), 'APPLICATION_EXPIRED'],
  ])('that is %s is refused, and nothing is stored', async (_case, make, code) => {
    await expect(authority.office.apply(await make())).rejects.toEqual(refusal(code));
    expect([await authority.memberships.count('pending'), await eventsOf()]).toEqual([0, []]);
  });

  it('is not taken beyond the number that can wait, unless the hospital is known', async () => {
    await apply();
    const known = await TestApplicant.make(clock, 'known.hospital.example');
    await apply({}, known);
    await authority.office.decide(known.did, 'refuse', REGISTRAR);
    await authority.home.transactions.run(async (transaction) => {
      for (let number = 1; number < MAX_PENDING; number += 1) await authority.memberships.apply(transaction, { did: `did:example:${number}`, name: 'Stranger', history: '', appliedAt: clock.now() });
    });
    await expect(apply({}, await TestApplicant.make(clock, 'b.hospital.example'))).rejects.toEqual(refusal('TOO_MANY_APPLICATIONS'));
    expect(await authority.memberships.count('pending')).toBe(MAX_PENDING);
    expect(await apply()).toMatchObject({ state: 'pending' });
    expect(await apply({}, known)).toMatchObject({ state: 'pending' });
    await decide('admit');
    await expect(apply()).resolves.toMatchObject({ state: 'admitted' });
    await authority.office.openTickets([{ ticket: TICKET }]);
    expect(await apply({ ticket: TICKET }, await TestApplicant.make(clock, 'c.hospital.example'))).toMatchObject({ state: 'admitted' });
  });

  it('of a fellow authority is admitted at once', async () => {
    const fellow = await TestApplicant.make(clock, 'authority-2.example');
    await authority.found({ version: 2, sequence: 1, networkId: NETWORK_ID, threshold: 1, authorities: [{ did: authority.did, url: 'https://authority.example', witness: authority.witness }, { did: fellow.did, url: 'https://authority-2.example', witness: 'did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK' }], guardians: { members: [authority.did], threshold: 1 }, epoch: 1, statusMaxAgeHours: 24, witnessThreshold: 1 });
    expect(await apply({ name: 'Authority 2' }, fellow)).toMatchObject({ state: 'admitted', statusIndex: 0, decidedBy: undefined });
    expect(await apply()).toMatchObject({ state: 'pending' });
    expect(await authority.events()).toMatchObject([{ type: 'member-admitted', actor: { kind: 'system', id: 'node' }, counterparty: fellow.did }]);
  });

  it('after a refusal waits again, with what it says now', async () => {
    await bringTo('refused');
    const later = await hospital.rotated();
    clock.advance(MINUTE);
    expect(await apply({ name: 'Hospital A (new)' }, later)).toMatchObject({ state: 'pending', name: 'Hospital A (new)', history: later.history, appliedAt: clock.now() });
    expect(await decide('admit')).toMatchObject({ state: 'admitted', name: 'Hospital A (new)' });
  });

  it.each(['suspended', 'revoked'] as const)('of a hospital that is %s is answered with that, whatever ticket it shows', async (state) => {
    await bringTo(state);
    const events = await eventsOf();
    await authority.office.openTickets([{ ticket: TICKET }]);
    expect(await apply({ ticket: TICKET })).toMatchObject({ state });
    expect(await eventsOf()).toEqual(events);
  });

  it('of a member does not have the status list signed: nobody can keep the authority busy with it', async () => {
    await bringTo('admitted');
    const announced = authority.announced.length;
    for (let time = 0; time < 5; time += 1) await apply();
    expect(authority.announced).toHaveLength(announced);
  });
});

describe('an admission ticket', () => {
  it('admits one hospital, once, and the same one again whose answer was lost', async () => {
    await authority.office.openTickets([{ ticket: TICKET }]);
    expect(await apply({ ticket: TICKET })).toMatchObject({ state: 'admitted', statusIndex: 0, decidedBy: undefined, decidedAt: clock.now() });
    expect(await apply({ ticket: TICKET })).toMatchObject({ state: 'admitted' });
    const other = await TestApplicant.make(clock, 'b.hospital.example');
    await expect(apply({ ticket: TICKET }, other)).rejects.toEqual(refusal('TICKET_INVALID'));
    expect(await authority.memberships.find(other.did)).toMatchObject({ state: 'pending' });
    expect(await authority.events()).toMatchObject([
      { type: 'member-admitted', outcome: 'success', actor: { kind: 'hospital', id: hospital.did }, counterparty: hospital.did },
      { type: 'member-refused', outcome: 'refused', actor: { kind: 'hospital', id: other.did }, reasonCode: 'TICKET_INVALID' },
    ]);
    expect(authority.announced).toHaveLength(1);
  });

  it('of a name admits a hospital of that name alone, and is not used up by another one', async () => {
    await authority.office.openTickets([{ ticket: TICKET, name: 'Hospital A' }]);
    await expect(apply({ ticket: TICKET, name: 'Hospital B' }, await TestApplicant.make(clock, 'b.hospital.example'))).rejects.toEqual(refusal('TICKET_INVALID'));
    expect(await apply({ ticket: TICKET })).toMatchObject({ state: 'admitted' });
  });

  it('admits a hospital that waits already, or was refused', async () => {
    await authority.office.openTickets([{ ticket: TICKET }]);
    await bringTo('refused');
    expect(await apply({ ticket: TICKET })).toMatchObject({ state: 'admitted' });
  });

  it('that is unknown or over admits nobody', async () => {
    await authority.office.openTickets([{ ticket: TICKET }]);
    await expect(apply({ ticket: 'unknown' })).rejects.toEqual(refusal('TICKET_INVALID'));
    clock.advance(DEFAULT_TICKET_MILLISECONDS);
    await expect(apply({ ticket: TICKET })).rejects.toEqual(refusal('TICKET_INVALID'));
  });

  it('that is wrong is refused each time, and noted a bounded number of times', async () => {
    const application = await hospital.application(authority.did, { ticket: 'unknown' });
    const refusals = await Promise.allSettled(Array.from({ length: 200 }, () => authority.office.apply(application)));
    expect(refusals.every((outcome) => outcome.status === 'rejected' && (outcome.reason as { code?: string }).code === 'TICKET_INVALID')).toBe(true);
    const noted = (await authority.events()).length;
    expect(noted).toBeGreaterThan(0);
    expect(noted).toBeLessThan(200);
  });

  it('is shown once to who makes it, is noted without itself, and lasts as long as was said', async () => {
    const { ticket, expiresAt } = await authority.office.createTicket({ name: 'Hospital A', validForMilliseconds: MINUTE }, REGISTRAR);
    expect(expiresAt.getTime() - clock.now().getTime()).toBe(MINUTE);
    expect(ticket).toMatch(/^[A-Za-z0-9_-]{32}$/);
    expect(await authority.events()).toMatchObject([{ type: 'admission-ticket-created', actor: { kind: 'staff', id: REGISTRAR.staffId } }]);
    expect(JSON.stringify(await authority.events())).not.toContain(ticket);
    clock.advance(MINUTE - 1);
    expect(await apply({ ticket })).toMatchObject({ state: 'admitted' });
    const second = await authority.office.createTicket({ name: 'Hospital A', validForMilliseconds: MINUTE }, REGISTRAR);
    clock.advance(MINUTE);
    await expect(apply({ ticket: second.ticket }, await TestApplicant.make(clock, 'b.hospital.example'))).rejects.toEqual(refusal('TICKET_INVALID'));
  });
});

describe('a decision', () => {
  const NEXT: Readonly<Partial<Record<string, StoredMembership['state']>>> = {
    'pending admit': 'admitted',
    'pending refuse': 'refused',
    'admitted suspend': 'suspended',
    'admitted revoke': 'revoked',
    'suspended reinstate': 'admitted',
    'suspended revoke': 'revoked',
  };
  const cases = MEMBERSHIP_STATES.flatMap((state) => MEMBERSHIP_ACTIONS.map((action) => [action, state, NEXT[`${state} ${action}`]] as const));

  it.each(cases)('to %s a hospital that is %s: %s', async (action, state, next) => {
    await bringTo(state);
    const [events, lists] = [await eventsOf(), authority.announced.length];
    if (next === undefined) {
      await expect(decide(action)).rejects.toEqual(refusal('WRONG_STATE'));
      expect([await authority.memberships.find(hospital.did), await eventsOf(), authority.announced.length]).toMatchObject([{ state }, events, lists]);
    } else {
      expect(await decide(action, 'BECAUSE')).toMatchObject({ state: next, decidedBy: REGISTRAR.staffId, reasonCode: 'BECAUSE' });
      expect(authority.announced).toHaveLength(lists + 1);
    }
  });

  it('leaves its event, with who decided and about whom', async () => {
    await apply();
    for (const [action, reason] of [['admit'], ['suspend', 'AUDIT'], ['reinstate'], ['revoke', 'CLOSED']] as const) await decide(action, reason);
    expect(await eventsOf()).toEqual(['member-admitted success', 'member-suspended success AUDIT', 'member-reinstated success', 'member-revoked success CLOSED']);
    for (const event of await authority.events()) expect(event).toMatchObject({ actor: { kind: 'staff', id: REGISTRAR.staffId, role: 'registrar' }, counterparty: hospital.did });
  });

  it('about an unknown hospital is refused', async () => {
    await expect(decide('admit')).rejects.toEqual(refusal('NOT_FOUND'));
  });

  it('keeps the place in the status list over suspension and return', async () => {
    await bringTo('suspended');
    const other = await TestApplicant.make(clock, 'b.hospital.example');
    await apply({}, other);
    expect(await authority.office.decide(other.did, 'admit', REGISTRAR)).toMatchObject({ statusIndex: 1 });
    expect(await decide('reinstate')).toMatchObject({ statusIndex: 0 });
  });

  it('is one of two that come at once', async () => {
    await apply();
    const outcomes = await Promise.allSettled([decide('admit'), decide('refuse')]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect((await eventsOf()).length).toBe(1);
  });
});

describe('the register', () => {
  it('has the authority itself as an admitted member, once', async () => {
    const { log } = authority.replica.identity.signing().resolved;
    const own = await authority.office.admitItself('Authority', log);
    expect(own).toMatchObject({ did: authority.did, state: 'admitted', statusIndex: 0 });
    expect(await authority.office.admitItself('Authority', log)).toEqual(own);
    expect(await eventsOf()).toEqual(['member-admitted success']);
  });

  it('shows its hospitals page by page, oldest first', async () => {
    const register = new MembershipRegister(authority.memberships);
    const dids: string[] = [];
    for (const letter of ['a', 'b', 'c']) {
      const applicant = await TestApplicant.make(clock, `${letter}.hospital.example`);
      await apply({ name: `Hospital ${letter}` }, applicant);
      dids.push(applicant.did);
      clock.advance(MINUTE);
    }
    const first = await register.page(undefined, { first: 2, after: undefined });
    expect([first.entries.map(({ did }) => did), first.nextCursor]).toEqual([dids.slice(0, 2), '2']);
    const second = await register.page(['pending'], { first: 2, after: 2 });
    expect([second.entries.map(({ did }) => did), second.nextCursor]).toEqual([dids.slice(2), null]);
    expect(await register.page(['admitted'], { first: 2, after: undefined })).toEqual({ entries: [], nextCursor: null });
  });
});
