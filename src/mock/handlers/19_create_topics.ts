// CreateTopics v0-7, taken by any broker. v1 validateOnly, v5 answers counts and configs, v7 topic ids. Of configs
// only max.message.bytes has an effect. @thread mock
import type { CreateTopicsRequest } from '../../protocol/messages.ts';
import { E } from '../codes.ts';
import type { Context, Handler } from '../context.ts';
import { checkTopicName } from '../topics.ts';

type Asked = CreateTopicsRequest['topics'][number];

interface Wanted {
  readonly errorCode: number;
  readonly errorMessage: string | null;
  readonly partitions: number;
  readonly replication: number;
}

function judge(cx: Context, asked: Asked, twice: boolean): Wanted {
  const { cluster } = cx;
  const no = (errorCode: number, errorMessage: string | null): Wanted => {
    return { errorCode, errorMessage, partitions: -1, replication: -1 };
  };
  if (cx.error !== E.NONE) return no(cx.error, null);
  if (twice) return no(E.INVALID_REQUEST, 'named twice');
  const invalid = checkTopicName(asked.name);
  if (invalid !== E.NONE) return no(invalid, 'not a legal topic name');
  if (cluster.topics.get(asked.name) !== undefined) return no(E.TOPIC_ALREADY_EXISTS, 'exists already');
  const { assignments } = asked;
  if (assignments.length > 0) return judgeAssignments(cx, asked);
  const partitions = asked.numPartitions === -1 ? cluster.defaultPartitions : asked.numPartitions;
  const replication = asked.replicationFactor === -1 ? cluster.defaultReplication : asked.replicationFactor;
  if (partitions < 1 || !cluster.roomFor(partitions)) return no(E.INVALID_PARTITIONS, `${partitions} partitions`);
  if (replication < 1 || replication > cluster.brokers().length) {
    return no(E.INVALID_REPLICATION_FACTOR, `${replication} replicas on ${cluster.brokers().length} brokers`);
  }
  return { errorCode: E.NONE, errorMessage: null, partitions, replication };
}

function judgeAssignments(cx: Context, asked: Asked): Wanted {
  const { assignments } = asked;
  const no = (errorCode: number, errorMessage: string): Wanted => {
    return { errorCode, errorMessage, partitions: -1, replication: -1 };
  };
  if (asked.numPartitions !== -1 || asked.replicationFactor !== -1) {
    return no(E.INVALID_REQUEST, 'counts beside assignments');
  }
  if (!cx.cluster.roomFor(assignments.length)) return no(E.INVALID_PARTITIONS, `${assignments.length} partitions`);
  const replication = assignments[0].brokerIds.length;
  const indexes = new Set(assignments.map(({ partitionIndex }) => partitionIndex));
  const sound = assignments.every(({ brokerIds }, i) => {
    const known = brokerIds.every((id) => cx.cluster.broker(id) !== undefined);
    const once = new Set(brokerIds).size === brokerIds.length;
    return known && once && brokerIds.length === replication && indexes.has(i);
  });
  if (!sound || replication === 0) return no(E.INVALID_REPLICA_ASSIGNMENT, 'not one list of known brokers a partition');
  return { errorCode: E.NONE, errorMessage: null, partitions: assignments.length, replication };
}

export const createTopics: Handler<'CreateTopics'> = (cx, request, answer) => {
  const times = new Map<string, number>();
  for (const { name } of request.topics) times.set(name, (times.get(name) ?? 0) + 1);
  const topics = request.topics.map((asked) => {
    const { name } = asked;
    const { errorCode, errorMessage, partitions, replication } = judge(cx, asked, times.get(name) !== 1);
    if (errorCode !== E.NONE) return { name, errorCode, errorMessage };
    const result = { name, errorCode, numPartitions: partitions, replicationFactor: replication, configs: [] };
    if (request.validateOnly) return result;
    const configs = new Map(asked.configs.map((config) => [config.name, config.value]));
    const topic = cx.cluster.createTopic(name, partitions, replication, configs);
    for (const { partitionIndex, brokerIds } of asked.assignments) {
      const partition = topic.partitions[partitionIndex];
      partition.replicas = brokerIds;
      partition.leaderId = brokerIds[0];
    }
    return { ...result, topicId: topic.id };
  });
  answer({ topics });
};
