// What one partition of a Fetch gets. @thread mock
import type { FetchRequest } from '../../protocol/messages.ts';
import { E } from '../codes.ts';
import type { Context } from '../context.ts';
import type { AbortedRange } from '../log_transactions.ts';
import { readBatches } from '../read.ts';
import type { AskedTopic } from '../sessions.ts';
import type { Partition } from '../topics.ts';

const API_KEY = 1;
const READ_COMMITTED = 1;
/** Kafka's own fetch.max.bytes, whatever the client asks for. */
export const MAX_BYTES: number = 55 * 1024 * 1024;

/** One partition that is asked for, with an error that stands from the start. */
export interface Target {
  readonly index: number;
  readonly partition: Partition | undefined;
  readonly error: number;
  readonly epoch: number;
  /** Epoch of the last record that the client has, -1 if it does not say. */
  readonly lastEpoch: number;
  readonly offset: number;
  readonly maxBytes: number;
}

export interface TargetTopic {
  readonly topic: string;
  readonly topicId: string;
  readonly targets: readonly Target[];
}

export interface Diverging {
  readonly epoch: number;
  readonly endOffset: number;
}

export interface Read {
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  readonly preferredReadReplica: number;
  readonly diverging: Diverging | null;
  /** Null for a client that reads what is not committed, too. */
  readonly aborted: readonly AbortedRange[] | null;
  readonly pieces: readonly Uint8Array[];
  readonly size: number;
}

const NO_PIECES: readonly Uint8Array[] = [];

export function targetsOf(cx: Context, topics: readonly AskedTopic[]): TargetTopic[] {
  return topics.map(({ topic, topicId, partitions, known }) => {
    const found = cx.version >= 13 ? cx.cluster.topics.byId(topicId) : cx.cluster.topics.get(topic);
    const noId = found === undefined && cx.version >= 13 && known !== true;
    const unknown = noId ? E.UNKNOWN_TOPIC_ID : E.UNKNOWN_TOPIC_OR_PARTITION;
    const targets = partitions.map((asked) => {
      const partition = found?.partitions[asked.partition];
      const pushed = cx.error !== E.NONE ? cx.error : (partition?.faults.next(API_KEY)?.error ?? E.NONE);
      return {
        index: asked.partition,
        partition,
        error: pushed !== E.NONE || partition !== undefined ? pushed : unknown,
        epoch: asked.currentLeaderEpoch,
        lastEpoch: asked.lastFetchedEpoch,
        offset: asked.fetchOffset,
        maxBytes: asked.partitionMaxBytes,
      };
    });
    return { topic, topicId, targets };
  });
}

/** An answer without records. */
function bare(errorCode: number, highWatermark = -1, lastStableOffset = -1, logStartOffset = -1): Read {
  return {
    errorCode,
    highWatermark,
    lastStableOffset,
    logStartOffset,
    preferredReadReplica: -1,
    diverging: null,
    aborted: null,
    pieces: NO_PIECES,
    size: 0,
  };
}

/** Where the client's log and ours part, if its last record is of another epoch than ours; -1 for both: nobody knows. */
function divergence(partition: Partition, { lastEpoch, offset }: Target): Diverging | null {
  if (lastEpoch < 0) return null;
  const { leaderEpoch: epoch, endOffset } = partition.log.epochEnd(lastEpoch, partition.leaderEpoch);
  return epoch < lastEpoch || endOffset < offset ? { epoch, endOffset } : null;
}

function readTarget(cx: Context, committed: boolean, target: Target, left: number, atLeastOne: boolean): Read {
  const { partition } = target;
  if (partition === undefined) return bare(target.error);
  // Kafka tells no end beside an error; librdkafka's mock does beside one that was pushed, and its tests build on that.
  if (target.error !== E.NONE) return bare(target.error, partition.log.endOffset);
  const follows = partition.followerId === cx.broker.id;
  const leads = partition.leaderId === cx.broker.id;
  if (!leads && !follows) return bare(E.NOT_LEADER_OR_FOLLOWER);
  const epochError = partition.checkEpoch(target.epoch);
  if (epochError !== E.NONE) return bare(epochError);
  const { log } = partition;
  const start = follows ? (partition.followerStart ?? log.startOffset) : log.startOffset;
  const end = follows ? (partition.followerEnd ?? log.endOffset) : log.endOffset;
  const stable = log.transactions.lastStableOffset(end);
  if (leads && !follows && partition.followerId !== -1 && cx.version >= 11) {
    return { ...bare(E.NONE, end, stable, start), preferredReadReplica: partition.followerId };
  }
  const diverging = divergence(partition, target);
  if (diverging !== null) {
    return diverging.epoch < 0 ? bare(E.OFFSET_OUT_OF_RANGE) : { ...bare(E.NONE, end, stable, start), diverging };
  }
  if (target.offset < start || target.offset > end) return bare(E.OFFSET_OUT_OF_RANGE);
  const until = committed ? stable : end;
  const { pieces, size } = readBatches(log, target.offset, until, Math.min(left, target.maxBytes), atLeastOne);
  const found = committed && size > 0 ? log.transactions.abortedFrom(target.offset) : [];
  return {
    errorCode: E.NONE,
    highWatermark: end,
    lastStableOffset: stable,
    logStartOffset: start,
    preferredReadReplica: -1,
    diverging: null,
    aborted: committed ? found : null,
    pieces,
    size,
  };
}

/** All partitions under one limit, which the first batch of all may exceed. */
export function readAll(
  cx: Context,
  request: FetchRequest,
  topics: readonly TargetTopic[],
): { reads: Read[][]; size: number } {
  const limit = Math.min(request.maxBytes, MAX_BYTES);
  const committed = request.isolationLevel === READ_COMMITTED;
  let size = 0;
  const reads = topics.map(({ targets }) =>
    targets.map((target) => {
      const read = readTarget(cx, committed, target, limit - size, size === 0);
      size += read.size;
      return read;
    }),
  );
  return { reads, size };
}

/** Enough bytes, or something that the client must know at once. */
export function ready(request: FetchRequest, reads: readonly Read[][], size: number): boolean {
  if (size >= Math.min(request.minBytes, MAX_BYTES) || reads.every((topic) => topic.length === 0)) return true;
  return reads.some((topic) =>
    topic.some((read) => read.errorCode !== E.NONE || read.preferredReadReplica !== -1 || read.diverging !== null),
  );
}
