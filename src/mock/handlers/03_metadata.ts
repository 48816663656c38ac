// Metadata v0-13. v0 an empty list means all topics, from v1 a null one; v4 automatic creation is the client's choice;
// v7 leader epochs, v10 topic ids (asked by id from v12), v13 an error of its own. A pushed error takes its delay but is
// not answered: the errors of this request belong to topics (mock_topic_set_error), as in librdkafka's mock. Only
// REBOOTSTRAP_REQUIRED is answered, in v13, which librdkafka's mock does not have; and a tied one, for each topic.
// @thread mock

import type { MetadataRequest } from '../../protocol/messages.ts';
import { ZERO_UUID } from '../../protocol/reader.ts';
import { E } from '../codes.ts';
import type { Context, Handler } from '../context.ts';
import { checkTopicName, type Partition, type Topic } from '../topics.ts';

type Asked = NonNullable<MetadataRequest['topics']>[number];

function describePartition(partition: Partition) {
  const pushed = partition.leaderResponses.shift();
  return {
    partitionIndex: partition.id,
    leaderId: pushed?.leaderId ?? partition.leaderId,
    leaderEpoch: pushed?.leaderEpoch ?? partition.leaderEpoch,
    replicaNodes: partition.replicas,
    isrNodes: partition.replicas,
  };
}

function describe(topic: Topic) {
  const { name, id, error } = topic;
  const hidden = error === E.UNKNOWN_TOPIC_OR_PARTITION || error === E.UNKNOWN_TOPIC_ID;
  return { errorCode: error, name, topicId: id, partitions: hidden ? [] : topic.partitions.map(describePartition) };
}

function refuse(errorCode: number, name: string | null, topicId: string = ZERO_UUID) {
  return { errorCode, name, topicId, partitions: [] };
}

function answerTopic(cx: Context, asked: Asked, mayCreate: boolean) {
  const { name, topicId } = asked;
  const { topics } = cx.cluster;
  if (topicId !== ZERO_UUID) {
    if (cx.version < 12) return refuse(E.INVALID_REQUEST, name ?? '', topicId);
    const topic = topics.byId(topicId);
    return topic === undefined ? refuse(E.UNKNOWN_TOPIC_ID, null, topicId) : describe(topic);
  }
  if (name === null) return refuse(E.INVALID_REQUEST, cx.version < 12 ? '' : null);
  const topic = topics.get(name);
  if (topic !== undefined) return describe(topic);
  const invalid = checkTopicName(name);
  if (invalid !== E.NONE) return refuse(invalid, name);
  if (!mayCreate || !cx.cluster.roomFor(cx.cluster.defaultPartitions))
    return refuse(E.UNKNOWN_TOPIC_OR_PARTITION, name);
  return describe(cx.cluster.createTopic(name));
}

/** As in Kafka a topic that is named twice is described once. */
function once(topics: readonly Asked[]): Asked[] {
  return [...new Map(topics.map((asked) => [JSON.stringify([asked.topicId, asked.name]), asked])).values()];
}

export const metadata: Handler<'Metadata'> = (cx, request, answer) => {
  const { cluster } = cx;
  const brokers = cluster.brokers().filter((broker) => broker.up && broker.inMetadata);
  const failing = cx.tied && cx.error !== E.REBOOTSTRAP_REQUIRED ? cx.error : E.NONE;
  const all = request.topics === null || (cx.version === 0 && request.topics.length === 0);
  const mayCreate = cluster.autoCreateTopics && request.allowAutoTopicCreation;
  const topics = all
    ? cluster.topics
        .all()
        .map((topic) => (failing === E.NONE ? describe(topic) : refuse(failing, topic.name, topic.id)))
    : once(request.topics ?? []).map((asked) =>
        failing === E.NONE ? answerTopic(cx, asked, mayCreate) : refuse(failing, asked.name, asked.topicId),
      );
  answer({
    brokers: brokers.map((b) => ({ nodeId: b.id, host: b.advertisedHost, port: b.advertisedPort, rack: b.rack })),
    clusterId: cluster.clusterId,
    controllerId: brokers[0]?.id ?? -1,
    topics,
    errorCode: cx.error === E.REBOOTSTRAP_REQUIRED ? cx.error : E.NONE,
  });
};
