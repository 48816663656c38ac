// Fetch v4-18. v5 log start offset, v7 sessions, v9 leader epochs, v11 preferred replica, v12 current leader and diverging
// epochs, v13 topics by id, v16 endpoints. @thread mock

import type { FetchRequest } from '../../protocol/messages.ts';
import type { Timer } from '../../rd/clock.ts';
import { E } from '../codes.ts';
import type { Answer, Context, Handler } from '../context.ts';
import { type AskedTopic, type FetchSession, FINAL_EPOCH, INITIAL_EPOCH } from '../sessions.ts';
import { type Read, readAll, ready, type Target, type TargetTopic, targetsOf } from './fetch_read.ts';
import { currentLeader, endpoints, tellsLeader } from './leaders.ts';

/** What a request is about: all that it names, or a session of which it is a part, with the epoch that it had then. */
interface Asked {
  readonly topics: readonly AskedTopic[];
  readonly session: FetchSession | null;
  readonly epoch: number;
}

/** The whole of what is asked for; a number is the error of the session. */
function askedBy(cx: Context, request: FetchRequest): Asked | number {
  const { sessionId, sessionEpoch, topics } = request;
  const { sessions } = cx.broker;
  const alone = { topics, session: null, epoch: sessionEpoch };
  if (cx.error !== E.NONE) return { ...alone, epoch: FINAL_EPOCH };
  if (sessionEpoch === FINAL_EPOCH || sessionEpoch === INITIAL_EPOCH) {
    // A full request ends the session that it names.
    if (sessionId !== 0) sessions.remove(sessionId);
    return alone;
  }
  const session = sessions.get(sessionId);
  if (session === undefined) return E.FETCH_SESSION_ID_NOT_FOUND;
  if (session.usesTopicIds !== cx.version >= 13) return E.FETCH_SESSION_TOPIC_ID_ERROR;
  if (session.epoch !== sessionEpoch) return E.INVALID_FETCH_SESSION_EPOCH;
  session.update(request);
  if (session.empty) {
    sessions.remove(sessionId);
    return { ...alone, epoch: FINAL_EPOCH };
  }
  sessions.touch(session, cx.cluster.clock.now());
  return { topics: session.asked(), session, epoch: session.epoch };
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

/** The session that the answer belongs to: the one that goes on, or a new one; null without. */
function sessionOf(cx: Context, request: FetchRequest, asked: Asked): FetchSession | null {
  if (asked.session !== null || asked.epoch !== INITIAL_EPOCH || cx.version < 7) return asked.session;
  return cx.broker.sessions.open(request, cx.version >= 13, cx.cluster.clock.now());
}

function rowOf(cx: Context, target: Target, read: Read, moved: number[]) {
  const row = {
    partitionIndex: target.index,
    errorCode: read.errorCode,
    highWatermark: read.highWatermark,
    lastStableOffset: read.lastStableOffset,
    logStartOffset: read.logStartOffset,
    abortedTransactions: read.aborted,
    preferredReadReplica: read.preferredReadReplica,
    records: join(read.pieces, read.size),
  };
  const { partition } = target;
  if (read.diverging !== null) return { ...row, divergingEpoch: read.diverging };
  if (partition === undefined || cx.version < 12 || !tellsLeader(read.errorCode)) return row;
  const leader = currentLeader(partition);
  moved.push(leader.leaderId);
  return { ...row, currentLeader: leader };
}

function respond(
  cx: Context,
  request: FetchRequest,
  asked: Asked,
  topics: readonly TargetTopic[],
  reads: readonly Read[][],
  answer: Answer<'Fetch'>,
): void {
  if (asked.session !== null && asked.session.epoch !== asked.epoch) {
    // Somebody else has used it meanwhile.
    answer({ errorCode: E.INVALID_FETCH_SESSION_EPOCH });
    return;
  }
  const session = sessionOf(cx, request, asked);
  const moved: number[] = [];
  const responses = [];
  for (let t = 0; t < topics.length; t++) {
    const { topic, topicId, targets } = topics[t];
    const partitions = [];
    for (let p = 0; p < targets.length; p++) {
      const isNews = session?.tell(topic, topicId, targets[p].index, reads[t][p]) ?? true;
      if (isNews || asked.session === null) partitions.push(rowOf(cx, targets[p], reads[t][p], moved));
    }
    if (partitions.length > 0 || asked.session === null) responses.push({ topic, topicId, partitions });
  }
  const nodeEndpoints = cx.version >= 16 && moved.length > 0 ? endpoints(cx.cluster, moved) : [];
  answer({ errorCode: cx.error, sessionId: session?.id ?? 0, responses, nodeEndpoints });
}

export const fetch: Handler<'Fetch'> = (cx, request, answer) => {
  const asked = askedBy(cx, request);
  if (typeof asked === 'number') return answer({ errorCode: asked });
  const topics = targetsOf(cx, asked.topics);
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
    respond(cx, request, asked, topics, reads, answer);
  };
  const { reads, size } = readAll(cx, request, topics);
  if (request.maxWaitMs <= 0 || ready(request, reads, size)) return respond(cx, request, asked, topics, reads, answer);
  waiting = true;
  timer = cx.cluster.clock.setTimer(request.maxWaitMs, () => {
    stop();
    respond(cx, request, asked, topics, readAll(cx, request, topics).reads, answer);
  });
  for (const partition of partitions) partition.waiters.add(look);
  cx.onAbandoned(stop);
};
