// ListOffsets v0-10. v0 lists of offsets, v2 committed ones only, v4 leader epochs, v7 the greatest timestamp (-3), v8 and v9 tiered storage
// (-4 is the earliest offset, -5 is unknown: there is no tier). @thread mock
import type { ListOffsetsRequest } from '../../protocol/messages.ts';
import { E } from '../codes.ts';
import type { Context, Handler } from '../context.ts';
import { findByTimestamp, findMaxTimestamp } from '../inspect.ts';
import type { PartitionLog } from '../log.ts';
import type { Partition } from '../topics.ts';

const LATEST = -1;
const EARLIEST = -2;
const MAX_TIMESTAMP = -3;
const EARLIEST_LOCAL = -4;
/** First version that knows a timestamp below 0. */
const KNOWN_FROM: Readonly<Record<number, number>> = {
  [LATEST]: 0,
  [EARLIEST]: 0,
  [MAX_TIMESTAMP]: 7,
  [EARLIEST_LOCAL]: 8,
  [-5]: 9,
};

const READ_COMMITTED = 1;
const NOTHING: Found = { offset: -1, timestamp: -1 };

interface Found {
  readonly offset: number;
  readonly timestamp: number;
}

/** Partitions that a request names more than once, as `index name`: Kafka refuses these. */
function namedTwice({ topics }: ListOffsetsRequest): ReadonlySet<string> {
  const [seen, twice] = [new Set<string>(), new Set<string>()];
  for (const { name, partitions } of topics)
    for (const { partitionIndex } of partitions) {
      const key = `${partitionIndex} ${name}`;
      (seen.has(key) ? twice : seen).add(key);
    }
  return twice;
}

function check(cx: Context, partition: Partition | undefined, epoch: number, twice: boolean): number {
  if (cx.error !== E.NONE) return cx.error;
  if (twice) return E.INVALID_REQUEST;
  if (partition === undefined) return E.UNKNOWN_TOPIC_OR_PARTITION;
  if (partition.leaderId !== cx.broker.id) return E.NOT_LEADER_OR_FOLLOWER;
  return partition.checkEpoch(epoch);
}

/** @param end of what may be found */
function find({ log }: Partition, timestamp: number, end: number): Found {
  const found = findIn(log, timestamp, end);
  return found.offset < end || timestamp < 0 ? found : NOTHING;
}

function findIn(log: PartitionLog, timestamp: number, end: number): Found {
  if (timestamp === LATEST) return { offset: end, timestamp: -1 };
  if (timestamp === EARLIEST || timestamp === EARLIEST_LOCAL) return { offset: log.startOffset, timestamp: -1 };
  const found = timestamp === MAX_TIMESTAMP ? findMaxTimestamp(log) : null;
  if (found !== null) return found;
  return (timestamp >= 0 ? findByTimestamp(log, timestamp) : null) ?? NOTHING;
}

export const listOffsets: Handler<'ListOffsets'> = (cx, request, answer) => {
  const twice = namedTwice(request);
  const topics = request.topics.map(({ name, partitions }) => ({
    name,
    partitions: partitions.map(({ partitionIndex, currentLeaderEpoch, timestamp }) => {
      const partition = cx.cluster.topics.partition(name, partitionIndex);
      const errorCode = check(cx, partition, currentLeaderEpoch, twice.has(`${partitionIndex} ${name}`));
      if (errorCode !== E.NONE || partition === undefined) return { partitionIndex, errorCode };
      if (timestamp < 0 && cx.version < (KNOWN_FROM[timestamp] ?? Number.POSITIVE_INFINITY)) {
        return { partitionIndex, errorCode: E.UNSUPPORTED_VERSION };
      }
      const { log } = partition;
      const committed = request.isolationLevel === READ_COMMITTED;
      const end = committed ? log.transactions.lastStableOffset(log.endOffset) : log.endOffset;
      const found = find(partition, timestamp, end);
      if (cx.version === 0)
        return { partitionIndex, errorCode, oldStyleOffsets: found.offset < 0 ? [] : [found.offset] };
      const leaderEpoch = cx.version >= 4 && found.offset >= 0 ? partition.log.epochAt(found.offset) : -1;
      return { partitionIndex, errorCode, ...found, leaderEpoch };
    }),
  }));
  answer({ topics });
};
