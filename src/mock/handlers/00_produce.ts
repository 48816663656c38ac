// Produce v3-13 (record batches of format 2 only). v5 log start offset, v8 error texts, v10 current leaders,
// v13 topics by id. Of topic configs max.message.bytes and message.timestamp.type count. Left out: quotas, and that
// partitions are added to a transaction before. @thread mock
import type { ProduceRequestTopicProduceData } from '../../protocol/messages.ts';
import { type Appended, appendRecords, MAX_BATCH_BYTES } from '../append.ts';
import { E } from '../codes.ts';
import type { Answer, Context, Handler } from '../context.ts';
import type { Partition, Topic } from '../topics.ts';
import { currentLeader, endpoints, type Leader, tellsLeader } from './leaders.ts';

const API_KEY = 0;

interface Request {
  readonly acks: number;
  readonly transactionalId: string | null;
}

function append(
  cx: Context,
  request: Request,
  topic: Topic | undefined,
  index: number,
  records: Uint8Array | null,
): Appended {
  const no = (errorCode: number): Appended => ({ errorCode, baseOffset: -1, message: null });
  if (cx.error !== E.NONE) return no(cx.error);
  if (request.acks < -1 || request.acks > 1) return no(E.INVALID_REQUIRED_ACKS);
  const partition = topic?.partitions[index];
  if (topic === undefined || partition === undefined) {
    return no(topic === undefined && cx.version >= 13 ? E.UNKNOWN_TOPIC_ID : E.UNKNOWN_TOPIC_OR_PARTITION);
  }
  if (partition.leaderId !== cx.broker.id) return no(E.NOT_LEADER_OR_FOLLOWER);
  const pushed = partition.faults.next(API_KEY)?.error ?? E.NONE;
  if (pushed !== E.NONE) return no(pushed);
  const limit = Number(topic.configs.get('max.message.bytes') ?? MAX_BATCH_BYTES);
  const stamped = topic.configs.get('message.timestamp.type') === 'LogAppendTime';
  const now = stamped ? Math.floor(cx.cluster.clock.wall()) : -1;
  return appendRecords(partition, cx.cluster.producerIds, records, request.transactionalId, limit, now);
}

function leaderHint(cx: Context, partition: Partition | undefined, errorCode: number, moved: number[]): Leader | null {
  if (partition === undefined || cx.version < 10 || !tellsLeader(errorCode)) return null;
  const leader = currentLeader(partition);
  moved.push(leader.leaderId);
  return leader;
}

export const produce: Handler<'Produce'> = (cx, request, answer: Answer<'Produce'>) => {
  const moved: number[] = [];
  let failed = false;
  const produceTopic = (data: ProduceRequestTopicProduceData) => {
    const { name, topicId } = data;
    const topic = cx.version >= 13 ? cx.cluster.topics.byId(topicId) : cx.cluster.topics.get(name);
    const partitionResponses = data.partitionData.map(({ index, records }) => {
      const { errorCode, baseOffset, message, logAppendTimeMs = -1 } = append(cx, request, topic, index, records);
      if (errorCode !== E.NONE) failed = true;
      const partition = topic?.partitions[index];
      const leader = leaderHint(cx, partition, errorCode, moved);
      return {
        index,
        errorCode,
        baseOffset,
        logAppendTimeMs,
        logStartOffset: errorCode === E.NONE ? partition?.log.startOffset : -1,
        errorMessage: message,
        ...(leader !== null && { currentLeader: leader }),
      };
    });
    return { name, topicId, partitionResponses };
  };
  const responses = request.topicData.map(produceTopic);
  if (request.acks === 0) {
    // Nobody waits for an answer: all that Kafka can do to tell of an error is to hang up.
    if (failed) return cx.close('Produce without acks failed');
    return answer(null);
  }
  answer({ responses, ...(moved.length > 0 && { nodeEndpoints: endpoints(cx.cluster, moved) }) });
};
