import { expect, test } from 'vitest';
import { E } from '../../../../src/mock/codes.ts';
import { Group } from '../../../../src/mock/groups/group.ts';
import type { JoinAnswer, JoinRequest, SyncAnswer } from '../../../../src/mock/groups/member.ts';
import { FakeClock } from '../../../kit/fake_clock.ts';

interface Setup {
  readonly clock: FakeClock;
  readonly group: Group;
}

function aGroup(delay = 0, maxMembers = 100): Setup {
  const clock = new FakeClock();
  let count = 0;
  const group = new Group('g', {
    clock,
    log: () => {},
    newMemberId: (prefix) => `${prefix}-${++count}`,
    initialRebalanceDelayMs: () => delay,
    maxMembers,
  });
  return { clock, group };
}

function protocols(...names: string[]): JoinRequest['protocols'] {
  return names.map((name) => ({ name, metadata: Buffer.from(name) }));
}

function joining(overrides: Partial<JoinRequest> = {}): JoinRequest {
  return {
    memberId: '',
    groupInstanceId: null,
    clientId: 'c',
    clientHost: '/h',
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 60_000,
    protocolType: 'consumer',
    protocols: protocols('range'),
    knowsMemberIdRequired: false,
    knowsSkipAssignment: false,
    ...overrides,
  };
}

/** The answers so far of a join. */
function join(group: Group, overrides: Partial<JoinRequest> = {}): JoinAnswer[] {
  const answers: JoinAnswer[] = [];
  group.join(joining(overrides), (answer) => answers.push(answer));
  return answers;
}

function sync(
  group: Group,
  memberId: string,
  assignments: Record<string, string> = {},
  overrides: { generationId?: number; groupInstanceId?: string } = {},
): SyncAnswer[] {
  const answers: SyncAnswer[] = [];
  group.sync(
    {
      memberId,
      groupInstanceId: null,
      generationId: group.generationId,
      protocolType: null,
      protocolName: null,
      assignments: new Map(Object.entries(assignments).map(([id, text]) => [id, Buffer.from(text)])),
      ...overrides,
    },
    (answer) => answers.push(answer),
  );
  return answers;
}

/** A stable group of the members c-1 (leader) and c-2, with assignments A and B. */
function stablePair(): Setup & { one: string; two: string } {
  const setup = aGroup();
  const { group } = setup;
  join(group);
  const second = join(group);
  const first = join(group, { memberId: 'c-1' });
  expect([first[0].errorCode, second[0].errorCode]).toEqual([0, 0]);
  sync(group, 'c-2');
  sync(group, 'c-1', { 'c-1': 'A', 'c-2': 'B' });
  expect(group.state).toBe('Stable');
  return { ...setup, one: 'c-1', two: 'c-2' };
}

const text = (answers: SyncAnswer[]): string[] => answers.map((a) => Buffer.from(a.assignment).toString());

test('without a delay one member is leader of the first generation at once', () => {
  const { group } = aGroup();

  const [answer] = join(group);

  expect(answer).toMatchObject({
    errorCode: 0,
    generationId: 1,
    leader: 'c-1',
    memberId: 'c-1',
    protocolName: 'range',
  });
  expect(answer.members).toHaveLength(1);
  expect(group.state).toBe('CompletingRebalance');
});

test('the first rebalance waits for more members, a delay longer after each that comes', () => {
  const { clock, group } = aGroup(3000);
  const first = join(group);
  clock.advance(2000);
  const second = join(group);
  clock.advance(1000);
  expect(first).toEqual([]);

  clock.advance(3000);

  expect([first[0].generationId, second[0].generationId]).toEqual([1, 1]);
  expect([first[0].members.length, second[0].members.length]).toEqual([2, 0]);
});

test('the first rebalance waits no longer than the rebalance timeout', () => {
  const { clock, group } = aGroup(3000);
  const first = join(group, { rebalanceTimeoutMs: 5000 });
  clock.advance(2900);
  join(group, { rebalanceTimeoutMs: 5000 });

  clock.advance(2100);

  expect(first).toHaveLength(1);
});

test('a client that knows it must come back with the id that it is given', () => {
  const { group } = aGroup();

  const [refused] = join(group, { knowsMemberIdRequired: true });
  const [joined] = join(group, { knowsMemberIdRequired: true, memberId: refused.memberId });

  expect([refused.errorCode, joined.errorCode]).toEqual([E.MEMBER_ID_REQUIRED, 0]);
  expect(joined.memberId).toBe(refused.memberId);
});

test('a member that nobody knows is told so', () => {
  const { group } = aGroup();

  expect(join(group, { memberId: 'stranger' })[0].errorCode).toBe(E.UNKNOWN_MEMBER_ID);
  expect(group.heartbeat('stranger', null, 1)).toBe(E.UNKNOWN_MEMBER_ID);
});

test('each member gets the assignment that the leader made for it', () => {
  const { group } = aGroup();
  join(group);
  join(group);
  join(group, { memberId: 'c-1' });

  const two = sync(group, 'c-2');
  const before = text(two);
  const one = sync(group, 'c-1', { 'c-1': 'A', 'c-2': 'B' });

  expect([before, text(one), text(two)]).toEqual([[], ['A'], ['B']]);
  expect(group.state).toBe('Stable');
});

test('a new member makes the others join again, who learn it by heartbeat', () => {
  const { group, one, two } = stablePair();
  const generation = group.generationId;

  const third = join(group);

  expect(group.heartbeat(one, null, generation)).toBe(E.REBALANCE_IN_PROGRESS);
  const again = [join(group, { memberId: one }), join(group, { memberId: two })];
  expect([...again, third].map(([a]) => a.generationId)).toEqual(Array(3).fill(generation + 1));
  expect(again[0][0].members).toHaveLength(3);
});

test('a member that does not join again in time is out', () => {
  const { clock, group, one } = stablePair();
  const third = join(group);
  join(group, { memberId: one });
  // c-2 keeps its session alive, but does not join.
  for (let i = 0; i < 11; i++) {
    clock.advance(5900);
    group.heartbeat('c-2', null, group.generationId);
  }

  expect(third[0].errorCode).toBe(0);
  expect(
    group
      .members()
      .map((m) => m.memberId)
      .sort(),
  ).toEqual(['c-1', 'c-3']);
});

test('a silent member loses its session, and the rest joins again', () => {
  const { clock, group, two } = stablePair();
  for (let i = 0; i < 3; i++) {
    clock.advance(4000);
    group.heartbeat(two, null, group.generationId);
  }

  expect(group.members().map((m) => m.memberId)).toEqual([two]);
  expect([group.state, group.leader]).toEqual(['PreparingRebalance', two]);
});

test('waiting for a rebalance is no silence', () => {
  const { clock, group } = stablePair();
  const third = join(group, { sessionTimeoutMs: 10, rebalanceTimeoutMs: 60_000 });

  clock.advance(9000);
  join(group, { memberId: 'c-1' });
  join(group, { memberId: 'c-2' });

  expect(third[0].errorCode).toBe(0);
});

test('a member that leaves is replaced at once by those that stay', () => {
  const { group, one, two } = stablePair();

  expect(group.leave(one, null)).toBe(0);
  const [answer] = join(group, { memberId: two });

  expect(answer).toMatchObject({ leader: two, errorCode: 0 });
  expect(group.leave(one, null)).toBe(E.UNKNOWN_MEMBER_ID);
});

test('the last one that leaves leaves it empty', () => {
  const { clock, group, one, two } = stablePair();

  group.leave(one, null);
  group.leave(two, null);

  expect(group.state).toBe('Empty');
  expect(clock.timerCount).toBe(0);
});

test('members that did not bring their sync in time are out', () => {
  const { clock, group } = aGroup();
  join(group, { sessionTimeoutMs: 100_000, rebalanceTimeoutMs: 5000 });

  clock.advance(5000);

  expect(group.members()).toEqual([]);
  expect(group.state).toBe('Empty');
});

test('a wrong generation is illegal', () => {
  const { group, one } = stablePair();
  const stale = group.generationId - 1;

  expect(group.heartbeat(one, null, stale)).toBe(E.ILLEGAL_GENERATION);
  expect(sync(group, one, {}, { generationId: stale })[0].errorCode).toBe(E.ILLEGAL_GENERATION);
  expect(group.checkCommit(one, null, stale)).toBe(E.ILLEGAL_GENERATION);
  expect(group.checkCommit(one, null, group.generationId)).toBe(0);
});

test('who is no member may commit to an empty group only', () => {
  const { group } = aGroup();
  expect(group.checkCommit('', null, -1)).toBe(0);

  join(group);

  expect(group.checkCommit('', null, -1)).toBe(E.UNKNOWN_MEMBER_ID);
});

test('a commit waits for the end of a rebalance', () => {
  const { group } = aGroup();
  join(group);

  expect(group.checkCommit('c-1', null, 1)).toBe(E.REBALANCE_IN_PROGRESS);
});

test('the protocol is the one that most prefer among those that all have', () => {
  const { clock, group } = aGroup(10);
  const first = join(group, { protocols: protocols('range', 'sticky') });
  join(group, { protocols: protocols('sticky', 'range') });
  join(group, { protocols: protocols('own', 'sticky', 'range') });

  clock.advance(20);

  expect(first[0].protocolName).toBe('sticky');
});

test('a member without a common protocol, or of another type, is refused', () => {
  const { group } = stablePair();

  expect(join(group, { protocols: protocols('other') })[0].errorCode).toBe(E.INCONSISTENT_GROUP_PROTOCOL);
  expect(join(group, { protocolType: 'connect' })[0].errorCode).toBe(E.INCONSISTENT_GROUP_PROTOCOL);
});

test('a group takes no more members than it may', () => {
  const { group } = aGroup(100, 2);
  join(group);
  join(group);

  expect(join(group)[0].errorCode).toBe(E.GROUP_MAX_SIZE_REACHED);
});

test('a static member that comes back keeps its assignment, and nobody joins again', () => {
  const { group } = aGroup();
  join(group, { groupInstanceId: 'i1' });
  sync(group, 'i1-1', { 'i1-1': 'A' }, { groupInstanceId: 'i1' });
  const generation = group.generationId;

  const [back] = join(group, { groupInstanceId: 'i1', knowsSkipAssignment: true });

  expect(back).toMatchObject({ errorCode: 0, generationId: generation, memberId: 'i1-2', skipAssignment: true });
  expect(text(sync(group, 'i1-2', {}, { groupInstanceId: 'i1' }))).toEqual(['A']);
  expect(group.heartbeat('i1-1', 'i1', generation)).toBe(E.FENCED_INSTANCE_ID);
  expect(group.state).toBe('Stable');
});

test('the session of a static member that was replaced ends with it', () => {
  const { clock, group } = aGroup();
  join(group, { groupInstanceId: 'i1' });
  sync(group, 'i1-1', { 'i1-1': 'A' }, { groupInstanceId: 'i1' });
  join(group, { groupInstanceId: 'i1' });

  clock.advance(6000);
  group.heartbeat('i1-2', 'i1', group.generationId);
  clock.advance(6000);

  expect(group.state).toBe('Stable');
});

test('a static member may be named by its instance id to leave', () => {
  const { group } = aGroup();
  join(group, { groupInstanceId: 'i1' });

  expect(group.leave('', 'i1')).toBe(0);
  expect(group.state).toBe('Empty');
});

test('a follower that joins again unchanged is answered at once, a leader starts a rebalance', () => {
  const { group, one, two } = stablePair();
  const generation = group.generationId;

  const [follower] = join(group, { memberId: two });
  const leader = join(group, { memberId: one });

  expect(follower.generationId).toBe(generation);
  expect(leader).toEqual([]);
  expect(group.state).toBe('PreparingRebalance');
});

test('a rebalance that a test asks for makes all join again', () => {
  const { group, one } = stablePair();

  group.rebalance('asked for');

  expect(group.heartbeat(one, null, group.generationId)).toBe(E.REBALANCE_IN_PROGRESS);
});

test('closing answers who waits and leaves no timer', () => {
  const { clock, group } = aGroup(3000);
  const waiting = join(group);
  join(group, { knowsMemberIdRequired: true });

  group.close();

  expect(waiting[0].errorCode).toBe(E.COORDINATOR_NOT_AVAILABLE);
  expect(clock.timerCount).toBe(0);
});
