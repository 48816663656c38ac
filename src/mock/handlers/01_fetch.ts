// Fetch v4-18. v5 log start offset, v7 sessions (none is ever opened: each fetch is a full one), v9 leader epochs,
// v11 preferred replica, v12 current leader, v13 topics by id, v16 endpoints. Left out: diverging epochs.
// @thread mock

import type { FetchRequest } from '../../protocol/messages.ts';
import type { Timer } from '../../rd/clock.ts';
import { E } from '../codes.ts';
import type { Answer, Context, Handler } from '../context.ts';
import { readBatches } from '../read.ts';
import type { Partition } from '../topics.ts';
import { currentLeader, endpoints, type Leader, tellsLeader } from './leaders.ts';

const API_KEY = 1;
const READ_COMMITTED = 1;
/** Kafka's own fetch.max.bytes, whatever the client asks for. */
const MAX_BYTES = 55 * 1024 * 1024;

/** One partition that is asked for, with an error that stands from the start. */
interface Target {
  readonly index: number;
  readonly partition: Partition | undefined;
  readonly error: number;
  readonly epoch: number;
  readonly offset: number;
  readonly maxBytes: number;
}

interface TargetTopic {
  readonly topic: string;
  readonly topicId: string;
  readonly targets: readonly Target[];
}

interface Read {
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly logStartOffset: number;
  readonly preferredReadReplica: number;
  readonly pieces: readonly Uint8Array[];
  readonly size: number;
}

function targetsOf(cx: Context, request: FetchRequest): TargetTopic[] {
  return request.topics.map(({ topic, topicId, partitions }) => {
    const found = cx.version >= 13 ? cx.cluster.topics.byId(topicId) : cx.cluster.topics.get(topic);
    const unknown = found === undefined && cx.version >= 13 ? E.UNKNOWN_TOPIC_ID : E.UNKNOWN_TOPIC_OR_PARTITION;
    const targets = partitions.map((asked) => {
      const partition = found?.partitions[asked.partition];
      const pushed = cx.error !== E.NONE ? cx.error : (partition?.faults.next(API_KEY)?.error ?? E.NONE);
      return {
        index: asked.partition,
        partition,
        error: pushed !== E.NONE || partition !== undefined ? pushed : unknown,
        epoch: asked.currentLeaderEpoch,
        offset: asked.fetchOffset,
        maxBytes: asked.partitionMaxBytes,
      };
    });
    return { topic, topicId, targets };
  });
}

function failed(errorCode: number): Read {
  return { errorCode, highWatermark: -1, logStartOffset: -1, preferredReadReplica: -1, pieces: [], size: 0 };
}

function readTarget(cx: Context, target: Target, left: number, atLeastOne: boolean): Read {
  const { partition } = target;
  if (target.error !== E.NONE || partition === undefined) return failed(target.error);
  const follows = partition.followerId === cx.broker.id;
  const leads = partition.leaderId === cx.broker.id;
  if (!leads && !follows) return failed(E.NOT_LEADER_OR_FOLLOWER);
  const epochError = partition.checkEpoch(target.epoch);
  if (epochError !== E.NONE) return failed(epochError);
  const { log } = partition;
  const start = follows ? (partition.followerStart ?? log.startOffset) : log.startOffset;
  const end = follows ? (partition.followerEnd ?? log.endOffset) : log.endOffset;
  if (leads && !follows && partition.followerId !== -1 && cx.version >= 11) {
    const preferredReadReplica = partition.followerId;
    return { errorCode: E.NONE, highWatermark: end, logStartOffset: start, preferredReadReplica, pieces: [], size: 0 };
  }
  if (target.offset < start || target.offset > end) return failed(E.OFFSET_OUT_OF_RANGE);
  const { pieces, size } = readBatches(log, target.offset, end, Math.min(left, target.maxBytes), atLeastOne);
  return { errorCode: E.NONE, highWatermark: end, logStartOffset: start, preferredReadReplica: -1, pieces, size };
}

/** All partitions under one limit, which the first batch of all may exceed. */
function readAll(
  cx: Context,
  request: FetchRequest,
  topics: readonly TargetTopic[],
): { reads: Read[][]; size: number } {
  const limit = Math.min(request.maxBytes, MAX_BYTES);
  let size = 0;
  const reads = topics.map(({ targets }) =>
    targets.map((target) => {
      const read = readTarget(cx, target, limit - size, size === 0);
      size += read.size;
      return read;
    }),
  );
  return { reads, size };
}

function join(pieces: readonly Uint8Array[], size: number): Uint8Array {
  if (pieces.length === 1) return pieces[0];
  const joined = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.byteLength;
  }
  return joined;
}

function respond(
  cx: Context,
  request: FetchRequest,
  topics: readonly TargetTopic[],
  reads: readonly Read[][],
  answer: Answer<'Fetch'>,
): void {
  const moved: number[] = [];
  const hint = (partition: Partition | undefined, errorCode: number): Leader | null => {
    if (partition === undefined || cx.version < 12 || !tellsLeader(errorCode)) return null;
    const leader = currentLeader(partition);
    moved.push(leader.leaderId);
    return leader;
  };
  const responses = topics.map(({ topic, topicId, targets }, t) => ({
    topic,
    topicId,
    partitions: targets.map((target, p) => {
      const read = reads[t][p];
      const leader = hint(target.partition, read.errorCode);
      return {
        partitionIndex: target.index,
        errorCode: read.errorCode,
        highWatermark: read.highWatermark,
        lastStableOffset: read.highWatermark,
        logStartOffset: read.logStartOffset,
        abortedTransactions: request.isolationLevel === READ_COMMITTED ? [] : null,
        preferredReadReplica: read.preferredReadReplica,
        records: join(read.pieces, read.size),
        ...(leader !== null && { currentLeader: leader }),
      };
    }),
  }));
  const nodeEndpoints = cx.version >= 16 && moved.length > 0 ? endpoints(cx.cluster, moved) : [];
  answer({ errorCode: cx.error, responses, nodeEndpoints });
}

export const fetch: Handler<'Fetch'> = (cx, request, answer) => {
  if (request.sessionId !== 0) return answer({ errorCode: E.FETCH_SESSION_ID_NOT_FOUND });
  if (request.sessionEpoch > 0) return answer({ errorCode: E.INVALID_FETCH_SESSION_EPOCH });
  const topics = targetsOf(cx, request);
  const partitions = topics.flatMap(({ targets }) => targets.flatMap(({ partition }) => partition ?? []));
  let waiting = false;
  let timer: Timer | null = null;
  const stop = (): void => {
    waiting = false;
    timer?.clear();
    for (const partition of partitions) partition.waiters.delete(look);
  };
  const look = (): void => {
    if (!waiting) return;
    const { reads, size } = readAll(cx, request, topics);
    if (!ready(request, reads, size)) return;
    stop();
    respond(cx, request, topics, reads, answer);
  };
  const { reads, size } = readAll(cx, request, topics);
  if (request.maxWaitMs <= 0 || ready(request, reads, size)) return respond(cx, request, topics, reads, answer);
  waiting = true;
  timer = cx.cluster.clock.setTimer(request.maxWaitMs, () => {
    stop();
    respond(cx, request, topics, readAll(cx, request, topics).reads, answer);
  });
  for (const partition of partitions) partition.waiters.add(look);
  cx.onAbandoned(stop);
};

/** Enough bytes, or something that the client must know at once. */
function ready(request: FetchRequest, reads: readonly Read[][], size: number): boolean {
  if (size >= Math.min(request.minBytes, MAX_BYTES) || reads.every((topic) => topic.length === 0)) return true;
  return reads.some((topic) => topic.some((read) => read.errorCode !== E.NONE || read.preferredReadReplica !== -1));
}
