// Rules of KIP-848 groups: heartbeats of consumers, commits and fetches of their offsets.
import type { ConsumerGroupHeartbeatRequest } from '../../../src/protocol/messages.ts';
import { createPartitions, createTopic } from '../topics.ts';
import { until } from '../until.ts';
import { PATIENCE_MS, type Peer, type Rule, topicIdOf } from './peer.ts';

type Beat = Partial<ConsumerGroupHeartbeatRequest>;

/** [error, member epoch, partitions of the peer's topic or null] */
type Beaten = readonly [number, number, readonly number[] | null];

export interface KipGroup {
  readonly id: string;
  beat(memberId: string, memberEpoch: number, more?: Beat, version?: number): Promise<Beaten>;
  /** A join with the peer's topic. */
  join(memberId: string, more?: Beat): Promise<Beaten>;
  /** A heartbeat that says which partitions of the peer's topic the member has. */
  owns(memberId: string, memberEpoch: number, ...partitions: number[]): Promise<Beaten>;
  commit(memberId: string, epoch: number, version?: number): Promise<number | undefined>;
  fetch(memberId: string | null, epoch: number, version?: number): Promise<unknown>;
  describe(): Promise<unknown>;
}

export function kipGroup(p: Pick<Peer, 'client' | 'topic' | 'topicId' | 'fresh'>, id: string = p.fresh()): KipGroup {
  const { client, topic, topicId } = p;
  const beat: KipGroup['beat'] = async (memberId, memberEpoch, more = {}, version = 1) => {
    const body = { groupId: id, memberId, memberEpoch, ...more };
    const answer = await client.send('ConsumerGroupHeartbeat', body, version);
    const { errorCode, assignment } = answer;
    const partitions = assignment?.topicPartitions.flatMap((each) => each.partitions).sort() ?? null;
    return [errorCode, answer.memberEpoch, partitions];
  };
  const joining = { rebalanceTimeoutMs: PATIENCE_MS, subscribedTopicNames: [topic], topicPartitions: [] };
  return {
    id,
    beat,
    join: (memberId, more = {}) => beat(memberId, 0, { ...joining, ...more }),
    owns: (memberId, epoch, ...partitions) =>
      beat(memberId, epoch, { topicPartitions: partitions.length === 0 ? [] : [{ topicId, partitions }] }),
    commit: async (memberId, epoch, version = 9) => {
      const partitions = [{ partitionIndex: 0, committedOffset: 5, committedMetadata: Buffer.from('m') }];
      const body = { groupId: id, memberId, generationIdOrMemberEpoch: epoch, topics: [{ name: topic, partitions }] };
      return (await client.send('OffsetCommit', body, version)).topics[0]?.partitions[0]?.errorCode;
    },
    fetch: async (memberId, memberEpoch, version = 9) => {
      const topics = [{ name: topic, partitionIndexes: [0] }];
      if (version < 8) {
        const answer = await client.send('OffsetFetch', { groupId: id, topics }, version);
        return [answer.errorCode, answer.topics[0]?.partitions[0]?.committedOffset];
      }
      const group = { groupId: id, topics, ...(version >= 9 && { memberId, memberEpoch }) };
      const answer = (await client.send('OffsetFetch', { groups: [group] }, version)).groups[0]!;
      return [answer.errorCode, answer.topics[0]?.partitions[0]?.committedOffset];
    },
    describe: async () => {
      const { groups } = await client.send('ConsumerGroupDescribe', { groupIds: [id] });
      const { errorCode, groupState, groupEpoch, assignmentEpoch, assignorName, members } = groups[0]!;
      const rows = members.map((each) => [
        ...[each.memberEpoch, each.instanceId, each.rackId, each.memberType, each.subscribedTopicNames.length],
        each.assignment.topicPartitions.flatMap(({ partitions }) => partitions).sort(),
        each.targetAssignment.topicPartitions.flatMap(({ partitions }) => partitions).sort(),
      ]);
      return [errorCode, groupState, groupEpoch, assignmentEpoch, assignorName, rows.map(String).sort()];
    },
  };
}

const refused: Rule = async (p) => {
  const g = kipGroup(p);
  const full = { rebalanceTimeoutMs: 5000, subscribedTopicNames: [p.topic], topicPartitions: [] };
  return [
    await kipGroup(p, '').join('a'),
    await g.beat('a', 0, { ...full, rebalanceTimeoutMs: -1 }),
    await g.beat('a', 0, { ...full, subscribedTopicNames: null }),
    await g.beat('a', 0, { ...full, topicPartitions: null }),
    await g.join('a', { topicPartitions: [{ topicId: p.topicId, partitions: [0] }] }),
    await g.beat('', 0, full),
    await g.beat('a', 1),
    await g.beat('a', -1),
    await g.beat('a', -2),
    await g.beat('a', -3),
    await g.join('a', { instanceId: '' }),
    await g.join('a', { rackId: '' }),
    await g.join('a', { serverAssignor: 'none such' }),
    await g.describe(),
  ];
};

const alone: Rule = async (p) => {
  const g = kipGroup(p);
  return [
    await g.join('a'),
    await g.join('a'),
    await g.beat('a', 1),
    await g.owns('a', 1, 0, 1, 2, 3),
    await g.beat('a', 2),
    await g.beat('b', 1),
    await g.describe(),
    await g.beat('a', -1),
    await g.describe(),
    await g.beat('a', 1),
    await g.join('a'),
  ];
};

const nothing: Rule = async (p) => {
  const [names, regex] = [kipGroup(p), kipGroup(p)];
  const first = { rebalanceTimeoutMs: 5000, topicPartitions: [] };
  return [
    await names.beat('a', 0, { ...first, subscribedTopicNames: [] }),
    await names.beat('a', 1, { subscribedTopicNames: [p.topic] }),
    await regex.beat('a', 0, { ...first, subscribedTopicRegex: '' }),
    await regex.beat('a', 0, { ...first, subscribedTopicNames: ['not there'] }),
  ];
};

const handOver: Rule = async (p) => {
  const g = kipGroup(p);
  return [
    await g.join('a'),
    await g.join('b'),
    await g.owns('b', 2),
    await g.beat('a', 1),
    await g.beat('a', 1),
    await g.owns('a', 1, 0, 1, 2, 3),
    await g.beat('a', 1, {
      rebalanceTimeoutMs: 5000,
      subscribedTopicNames: [p.topic],
      topicPartitions: [{ topicId: p.topicId, partitions: [0, 1, 2, 3] }],
    }),
    await g.owns('b', 2),
    await g.describe(),
    await g.owns('a', 1, 0, 1),
    await g.owns('b', 2),
    await g.owns('a', 1, 0, 1, 2),
    await g.owns('a', 1, 0),
    await g.join('a'),
    await g.describe(),
    await g.beat('b', -1),
    await g.beat('b', -1),
    await g.beat('a', 2),
    await g.describe(),
  ];
};

const lostAnswer: Rule = async (p) => {
  const g = kipGroup(p);
  return [
    await g.join('a'),
    await g.join('b'),
    await g.beat('a', 1),
    await g.owns('a', 1, 0, 1),
    await g.beat('b', -1),
    await g.owns('a', 2, 0, 1),
    // The answer did not arrive: the same again.
    await g.owns('a', 2, 0, 1),
    await g.owns('a', 3, 0, 1),
  ];
};

const statics: Rule = async (p) => {
  const g = kipGroup(p);
  const i = { instanceId: 'i' };
  return [
    await g.join('s1', i),
    await g.join('s2', i),
    await g.beat('s2', 1, i),
    await g.beat('s1', 1, { instanceId: 'j' }),
    await g.beat('s1', 1),
    await g.beat('s1', -2),
    await g.beat('s2', -2, i),
    await g.beat('s1', -2, i),
    await g.describe(),
    await g.beat('s1', 1, i),
    await g.join('s2', i),
    await g.describe(),
    await g.beat('s1', 1, i),
    await g.beat('s2', 1, i),
    await g.beat('s2', -1, i),
    await g.describe(),
  ];
};

const regexes: Rule = async (p) => {
  const g = kipGroup(p);
  const by = (subscribedTopicRegex: string): Beat => ({ subscribedTopicNames: null, subscribedTopicRegex });
  const prefix = p.fresh();
  await p.aTopic(2, { name: `${prefix}-one` });
  const refusals = [];
  for (const source of ['(', ')', '[', '[b-a]', '*', 'a**', '(a)\\1', 'a(?=b)', 'a{2000}', '\\y', 'a{3,2}', '\\']) {
    refusals.push((await g.join('a', by(source)))[0]);
  }
  const first = await g.join('a', by(`${prefix}-(one|two)`));
  let got = first;
  const found = async () => {
    got = await g.beat('a', got[1]);
    return got[2] !== null && got[2].length > 0;
  };
  await until(found, { what: 'the topic', deadline_ms: PATIENCE_MS });
  const partial = await g.join('b', by(prefix));
  const same = await g.join('c', by(`${prefix}-(one|two)`));
  return [refusals, first, got, partial, same, await g.beat('a', 2, by(''))];
};

/** What fits and what does not, of names that begin alike. */
const matching: Rule = async (p) => {
  const prefix = p.fresh();
  const names = ['a.b', 'A_1', 'ab', '9'];
  for (const name of names) await p.aTopic(1, { name: `${prefix}-${name}` });
  const tried = [
    '.*',
    '..',
    '[a-z]+',
    '\\w+',
    '(?i)a.*',
    'a\\.b|9',
    '[^a]*',
    '\\d',
    '[[:upper:]]_\\d{1,3}',
    '(?:a|b)*?',
    '^ab$',
    '\\Qa.b\\E',
  ];
  const rows: unknown[] = [];
  for (const end of tried) {
    const g = kipGroup(p);
    const anchored = end.startsWith('^') ? `^${prefix}-${end.slice(1)}` : `${prefix}-(?:${end})`;
    let got = await g.join('m', { subscribedTopicNames: null, subscribedTopicRegex: anchored });
    const found = async () => {
      got = await g.beat('m', got[1]);
      return got[2] !== null;
    };
    await until(found, { what: end, deadline_ms: PATIENCE_MS });
    const { groups } = await p.client.send('ConsumerGroupDescribe', { groupIds: [g.id] });
    const topics = groups[0]!.members[0]!.assignment.topicPartitions.map((each) =>
      each.topicName.slice(prefix.length + 1),
    );
    rows.push([end, topics.sort()]);
  }
  return rows;
};

const offsets: Rule = async (p) => {
  const g = kipGroup(p);
  const before = [await g.fetch('x', 1), await g.fetch(null, -1), await g.commit('x', 1), await g.commit('x', 1, 8)];
  await g.join('o');
  return [
    before,
    [await g.commit('o', 1), await g.commit('o', 0), await g.commit('o', 2), await g.commit('x', 1)],
    [await g.commit('o', 1, 8), await g.commit('', -1), await g.commit('', -1, 8)],
    [await g.fetch('o', 1), await g.fetch('o', 0), await g.fetch('o', 4), await g.fetch('x', 1)],
    [await g.fetch(null, -1), await g.fetch(null, 1), await g.fetch('', -1), await g.fetch(null, -1, 8)],
    [await g.fetch(null, -1, 7), await g.beat('o', -1), await g.commit('', -1), await g.commit('o', 1)],
    [await g.fetch('o', 1), await g.fetch(null, -1)],
  ];
};

const ranges: Rule = async (p) => {
  const g = kipGroup(p);
  const other = await p.aTopic(3);
  const id = await topicIdOf(p.client, other);
  const rows = async (memberId: string) => {
    const { groups } = await p.client.send('ConsumerGroupDescribe', { groupIds: [g.id] });
    const member = groups[0]!.members.find((each) => each.memberId === memberId);
    const rows = member!.targetAssignment.topicPartitions.map((each) => [
      each.topicId === id ? 'other' : 'topic',
      each.partitions,
    ]);
    return rows.map(String).sort();
  };
  const more = { subscribedTopicNames: [p.topic, other], serverAssignor: 'range' };
  await g.join('b', more);
  await g.join('a', more);
  const two = [await rows('a'), await rows('b')];
  await g.join('c', { serverAssignor: 'range' });
  const three = [await rows('a'), await rows('b'), await rows('c')];
  await g.beat('b', 1, { serverAssignor: 'uniform' });
  const still = await g.describe();
  return [two, three, still];
};

const growing: Rule = async (p) => {
  const g = kipGroup(p);
  const later = p.fresh();
  const first = await g.join('a', { subscribedTopicNames: [p.topic, later] });
  let got = first;
  const has = (count: number) => async (): Promise<boolean> => {
    got = await g.beat('a', got[1]);
    return got[2]?.length === count;
  };
  await createTopic(p.bootstrap, later, 2);
  await until(has(6), { what: 'a new topic', deadline_ms: PATIENCE_MS });
  const withTopic = got;
  await createPartitions(p.bootstrap, later, 3);
  await until(has(7), { what: 'a new partition', deadline_ms: PATIENCE_MS });
  return [first, withTopic, got];
};

const resubscribed: Rule = async (p) => {
  const g = kipGroup(p);
  return [
    await g.join('a'),
    await g.beat('a', 1, { subscribedTopicNames: [p.topic] }),
    await g.beat('a', 1, { subscribedTopicNames: [] }),
    await g.owns('a', 1),
    await g.beat('a', 2, { subscribedTopicNames: [p.topic] }),
    await g.beat('a', 3, { rackId: 'r', serverAssignor: 'range' }),
    await g.describe(),
  ];
};

const listed: Rule = async (p) => {
  const g = kipGroup(p);
  await g.join('a');
  const list = async (statesFilter: string[], typesFilter: string[]) => {
    const { groups } = await p.client.send('ListGroups', { statesFilter, typesFilter });
    return groups
      .filter((each) => each.groupId === g.id)
      .map((each) => [each.protocolType, each.groupState, each.groupType]);
  };
  const described = async (version: number) => {
    const { groups } = await p.client.send('DescribeGroups', { groups: [g.id] }, version);
    return groups.map((each) => [each.errorCode, each.groupState, each.protocolType, each.members.length]);
  };
  return [
    [await list([], []), await list(['Stable'], []), await list(['Empty'], []), await list([], ['Consumer'])],
    [await list([], ['classic']), await list(['stable'], ['consumer'])],
    [await described(5), await described(6)],
    (await p.client.send('ListGroups', {}, 3)).groups.filter((each) => each.groupId === g.id).length,
  ];
};

export const CONSUMER_GROUP_RULES: Readonly<Record<string, Rule>> = {
  'a heartbeat that is refused': refused,
  'a member alone': alone,
  'a member that subscribes to nothing': nothing,
  'partitions are handed over when they have been given up': handOver,
  'a member whose answer was lost says the same again': lostAnswer,
  'static members of a KIP-848 group': statics,
  'subscriptions by regex': regexes,
  'what a regex matches': matching,
  'offsets of a KIP-848 group': offsets,
  'the range assignor, and the one that most ask for': ranges,
  'topics and partitions that come later': growing,
  'a member that subscribes to something else': resubscribed,
  'a KIP-848 group in the lists': listed,
};
