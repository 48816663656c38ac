// KIP-848 groups over time; what they answer to requests is compared with Apache Kafka's answers in mock/cluster/rules.
import { expect, test } from 'vitest';
import type { ConsumerHeartbeat } from '../../../../src/mock/groups/consumer_request.ts';
import { Groups } from '../../../../src/mock/groups/groups.ts';
import type { JoinAnswer, JoinRequest } from '../../../../src/mock/groups/member.ts';
import { encodeStruct } from '../../../../src/protocol/compile.ts';
import { Writer } from '../../../../src/protocol/writer.ts';
import { FakeClock } from '../../../kit/fake_clock.ts';

const SESSION = 1000;
const REBALANCE = 5000;

interface Setup {
  readonly clock: FakeClock;
  readonly groups: Groups;
  readonly topics: { version: number; sizes: Map<string, number> };
  beat(memberId: string, memberEpoch: number, more?: Partial<ConsumerHeartbeat>): readonly [number, number[] | null];
}

/** Groups of a cluster with the topic `t` of four partitions. */
function someGroups(): Setup {
  const clock = new FakeClock();
  const topics = { version: 1, sizes: new Map([['t', 4]]) };
  let count = 0;
  const groups = new Groups({
    clock,
    log: () => {},
    newMemberId: (prefix) => `${prefix}-${++count}`,
    newUuid: () => `uuid-${++count}`,
    topics: {
      get version() {
        return topics.version;
      },
      get: (name) => {
        const size = topics.sizes.get(name);
        return size === undefined ? undefined : { id: `id-${name}`, partitions: Array.from({ length: size }) };
      },
      byId: (id) => ({ name: id.slice(3) }),
      names: () => topics.sizes.keys(),
    },
    initialRebalanceDelayMs: () => 0,
    sessionTimeoutMs: () => SESSION,
    heartbeatIntervalMs: () => 100,
    maxMembers: 3,
    offsetsRetentionMs: 1e9,
  });
  const beat: Setup['beat'] = (memberId, memberEpoch, more = {}) => {
    const answer = groups.consumerHeartbeat({
      groupId: 'g',
      memberId,
      memberEpoch,
      instanceId: null,
      rackId: null,
      rebalanceTimeoutMs: memberEpoch === 0 ? REBALANCE : -1,
      subscribedTopicNames: memberEpoch === 0 ? ['t'] : null,
      subscribedTopicRegex: null,
      serverAssignor: null,
      topicPartitions: memberEpoch === 0 ? [] : null,
      clientId: 'c',
      clientHost: '/h',
      ...more,
    });
    return [answer.memberEpoch, answer.assignment?.topicPartitions.flatMap(({ partitions }) => partitions) ?? null];
  };
  return { clock, groups, topics, beat };
}

const owns = (...partitions: number[]) => ({ topicPartitions: [{ topicId: 'id-t', partitions }] });

function codeOf(act: () => unknown): number {
  try {
    act();
    return 0;
  } catch (error) {
    return (error as { errorCode: number }).errorCode;
  }
}

function subscription(): Uint8Array {
  const writer = new Writer();
  writer.int16(1);
  encodeStruct('ConsumerProtocolSubscription', 1, { topics: ['t'], userData: null, ownedPartitions: [] }, writer);
  return writer.bytes().slice();
}

function join(groups: Groups, more: Partial<JoinRequest> = {}): JoinAnswer[] {
  const answers: JoinAnswer[] = [];
  const request: JoinRequest = {
    memberId: '',
    groupInstanceId: null,
    clientId: 'c',
    clientHost: '/h',
    sessionTimeoutMs: SESSION,
    rebalanceTimeoutMs: REBALANCE,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: subscription() }],
    knowsMemberIdRequired: false,
    knowsSkipAssignment: true,
    ...more,
  };
  groups.join('g', request, (answer) => answers.push(answer));
  return answers;
}

/** A classic member, stable and with nothing, in a group that `k` has made a KIP-848 one. */
function mixed(setup: Setup): string {
  const [{ memberId, generationId }] = join(setup.groups);
  const syncing = { memberId, groupInstanceId: null, generationId, protocolType: null, protocolName: null };
  setup.groups.sync('g', { ...syncing, assignments: new Map() }, () => {});
  setup.beat('k', 0);
  return memberId;
}

test('a member that is silent is out, and the others get what it had', () => {
  const { clock, beat } = someGroups();
  beat('a', 0);
  beat('b', 0);
  beat('a', 1);
  beat('a', 1, owns(0, 1));
  clock.advance(SESSION - 1);
  beat('b', 2);

  clock.advance(1);

  expect(codeOf(() => beat('a', 2))).toBe(25);
  expect(beat('b', 2)).toEqual([3, [0, 1, 2, 3]]);
});

test('a member that does not give up its partitions in time is out', () => {
  const { clock, beat } = someGroups();
  beat('a', 0);
  beat('b', 0);
  beat('a', 1);

  for (let at = 0; at < REBALANCE - 500; at += 500) {
    clock.advance(500);
    beat('b', 2);
    beat('a', 1);
  }
  clock.advance(500);

  expect(codeOf(() => beat('a', 1))).toBe(25);
  expect(beat('b', 2)).toEqual([3, [0, 1, 2, 3]]);
});

test('the session of a static member that has left for a while ends like any other', () => {
  const { clock, groups, beat } = someGroups();
  beat('a', 0, { instanceId: 'i' });
  beat('a', -2, { instanceId: 'i' });

  clock.advance(SESSION);

  expect(groups.find('g')?.state).toBe('Empty');
});

test('a group takes no more members than it may', () => {
  const { beat } = someGroups();
  for (const id of ['a', 'b', 'c']) beat(id, 0);

  expect(codeOf(() => beat('d', 0))).toBe(81);
});

test('a topic that comes later is found by name and by regex with the next heartbeat', () => {
  const { clock, topics, beat } = someGroups();
  beat('a', 0, { subscribedTopicNames: ['later'] });
  beat('r', 0, { subscribedTopicNames: null, subscribedTopicRegex: 'l.*r' });
  clock.advance(1);
  beat('a', 1);

  topics.sizes.set('later', 2);
  topics.version++;

  const [, named] = beat('a', 1);
  const [, found] = beat('r', 1);
  expect([named?.length, found?.length]).toEqual([1, 1]);
});

test('a classic member that does not come again in time is out', () => {
  const setup = someGroups();
  const memberId = mixed(setup);
  const { clock, groups, beat } = setup;
  expect(groups.heartbeat('g', memberId, null, 1)).toBe(27);

  for (let at = 0; at < REBALANCE; at += 500) {
    clock.advance(500);
    beat('k', 2);
    if (at < REBALANCE - 500) groups.heartbeat('g', memberId, null, 1);
  }

  expect(groups.heartbeat('g', memberId, null, 1)).toBe(25);
});

test('a classic member that joins and does not sync is out', () => {
  const setup = someGroups();
  const memberId = mixed(setup);
  const { clock, groups, beat } = setup;
  const [{ generationId }] = join(groups, { memberId });

  for (let at = 0; at < REBALANCE; at += 500) {
    clock.advance(500);
    beat('k', 2);
    if (at < REBALANCE - 500) expect(groups.heartbeat('g', memberId, null, generationId)).toBe(0);
  }

  expect(groups.heartbeat('g', memberId, null, generationId)).toBe(25);
});

test('a classic group is one again when the session of the last consumer ends', () => {
  const setup = someGroups();
  const memberId = mixed(setup);
  const { clock, groups } = setup;
  clock.advance(SESSION / 2);
  groups.heartbeat('g', memberId, null, 1);

  clock.advance(SESSION / 2);

  expect(groups.find('g')).toMatchObject({ type: 'classic', state: 'PreparingRebalance' });
  expect(groups.heartbeat('g', memberId, null, 2)).toBe(27);
});

test('whoever waits in a classic group that becomes another is told to join again', () => {
  const { groups, beat } = someGroups();
  const [first] = join(groups);
  const waiting = join(groups);

  beat('k', 0);

  expect([first?.errorCode, waiting[0]?.errorCode]).toEqual([0, 27]);
});

test('closing leaves no timer', () => {
  const setup = someGroups();
  mixed(setup);
  setup.beat('r', 0, { subscribedTopicNames: null, subscribedTopicRegex: 'x' });

  setup.groups.close();

  expect(setup.clock.timerCount).toBe(0);
});

test('a rebalance takes everything from everyone, and then gives it anew', () => {
  const { groups, beat } = someGroups();
  const [epoch] = beat('a', 0);
  beat('b', 0);
  beat('a', epoch, owns(0, 1, 2, 3));
  const [shared, kept] = beat('a', epoch, owns(0, 1));
  const [, given] = beat('b', shared);
  const group = groups.find('g')!;
  expect([kept, given, group.state]).toEqual([null, [2, 3], 'Stable']);

  group.rebalance('asked for');
  expect(group.state).toBe('Assigning');
  const [, a] = beat('a', shared);
  const [, b] = beat('b', shared);
  const [aFree] = beat('a', shared, { topicPartitions: [] });
  expect([a, b, group.state]).toEqual([[], [], 'Reconciling']);
  const [bFree] = beat('b', shared, { topicPartitions: [] });
  expect(group.state).toBe('Assigning');
  const [, aAgain] = beat('a', aFree);
  const [, bAgain] = beat('b', bFree);

  expect([...(aAgain ?? []), ...(bAgain ?? [])].sort()).toEqual([0, 1, 2, 3]);
  expect([aAgain?.length, bAgain?.length, group.state]).toEqual([2, 2, 'Stable']);
});

test('a rebalance does not wait for a static member that has left', () => {
  const { groups, beat } = someGroups();
  const [epoch] = beat('a', 0, { instanceId: 'i' });
  beat('b', 0);
  beat('a', epoch, { ...owns(0, 1, 2, 3), instanceId: 'i' });
  const [shared] = beat('a', epoch, { ...owns(0, 1), instanceId: 'i' });
  beat('b', shared);
  beat('a', -2, { instanceId: 'i' });
  const group = groups.find('g')!;

  group.rebalance('asked for');
  beat('b', shared);
  const [free] = beat('b', shared, { topicPartitions: [] });
  const [, again] = beat('b', free);

  // What the other one held it keeps until its session ends.
  expect(again?.length).toBeGreaterThan(0);
});
