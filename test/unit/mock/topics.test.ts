import { expect, test } from 'vitest';
import { E } from '../../../src/mock/codes.ts';
import { checkTopicName, Topics } from '../../../src/mock/topics.ts';

function topics(): Topics {
  let id = 0;
  return new Topics(() => `id${id++}`);
}

test('leaders go round among the brokers', () => {
  const topic = topics().create('t', 6, 3, [1, 2, 3]);

  expect(topic.partitions.map((p) => p.leaderId)).toEqual([1, 2, 3, 1, 2, 3]);
  expect(topic.partitions[0].replicas).toEqual([1, 2, 3]);
});

test('replicas begin at partition times replication factor', () => {
  const topic = topics().create('t', 4, 1, [1, 2, 3]);

  expect(topic.partitions.map((p) => p.replicas)).toEqual([[1], [2], [3], [1]]);
});

test('each new leader begins an epoch', () => {
  const [partition] = topics().create('t', 1, 1, [1, 2]).partitions;

  partition.setLeader(2);

  expect([partition.leaderId, partition.leaderEpoch]).toEqual([2, 1]);
  expect([-1, 0, 1, 2].map((epoch) => partition.checkEpoch(epoch))).toEqual([
    E.NONE,
    E.FENCED_LEADER_EPOCH,
    E.NONE,
    E.UNKNOWN_LEADER_EPOCH,
  ]);
});

test('a broker that goes takes no partition with it', () => {
  const all = topics();
  const topic = all.create('t', 6, 2, [1, 2, 3]);

  all.reassign([1, 3]);

  expect(new Set(topic.partitions.map((p) => p.leaderId))).toEqual(new Set([1, 3]));
});

test('a topic is found by name and by id until it is deleted', () => {
  const all = topics();
  const topic = all.create('t', 1, 1, [1]);

  expect([all.get('t'), all.byId(topic.id)]).toEqual([topic, topic]);
  expect([all.delete('t'), all.delete('t')]).toEqual([true, false]);
  expect([all.get('t'), all.byId(topic.id)]).toEqual([undefined, undefined]);
});

test("Kafka's rules for topic names hold", () => {
  const names = ['a.b_C-9', '', '.', '..', 'a b', 'ü', 'x'.repeat(249), 'x'.repeat(250)];

  expect(names.map((name) => checkTopicName(name) === E.NONE)).toEqual([
    true,
    false,
    false,
    false,
    false,
    false,
    true,
    false,
  ]);
});
