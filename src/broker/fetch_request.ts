// Requests of the fetcher as objects for the encoder. @thread broker

import type { Settings } from '../conf/settings_type.ts';
import { timestampOf } from '../defs/offset_time.ts';
import { ZERO_UUID } from '../protocol/reader.ts';
import type { Connection } from '../wire/connection.ts';
import { isolationOf } from './fetch_env.ts';
import type { FetchPartition } from './fetch_partition.ts';
import type { FetchTurn } from './fetch_session.ts';

/** Record batches of format 2 need version 4. */
export const FETCH_MIN_VERSION = 4;
/** From the next one on topics go by id. */
const LAST_BY_NAME = 12;
const FETCH_MAX_VERSION = 16;

/** Whether all of these can be asked for by their topics' ids. */
export function byTopicId(connection: Connection, due: readonly FetchPartition[]): boolean {
  const version = connection.pickVersion('Fetch', FETCH_MIN_VERSION, FETCH_MAX_VERSION);
  return version !== null && version > LAST_BY_NAME && due.every(({ topicId }) => topicId !== ZERO_UUID);
}

export function fetchMaxVersion(byId: boolean): number {
  return byId ? FETCH_MAX_VERSION : LAST_BY_NAME;
}

export function fetchBody(settings: Settings, turn: FetchTurn): object {
  return {
    replicaId: -1,
    maxWaitMs: settings['fetch.wait.max.ms'],
    minBytes: settings['fetch.min.bytes'],
    maxBytes: settings['fetch.max.bytes'],
    isolationLevel: isolationOf(settings),
    sessionId: turn.sessionId,
    sessionEpoch: turn.epoch,
    topics: byTopic(turn.named).map(([part, parts]) => ({
      topic: part.topic,
      topicId: part.topicId,
      partitions: parts.map(partitionBody),
    })),
    forgottenTopicsData: byTopic(turn.forgotten).map(([part, parts]) => ({
      topic: part.topic,
      topicId: part.topicId,
      partitions: parts.map(({ number }) => number),
    })),
    rackId: settings['client.rack'] ?? '',
  };
}

function partitionBody(part: FetchPartition): object {
  return {
    partition: part.number,
    currentLeaderEpoch: part.leaderEpoch,
    fetchOffset: part.offset,
    // Followers compare logs by it; a consumer asks OffsetForLeaderEpoch.
    lastFetchedEpoch: -1,
    logStartOffset: -1,
    partitionMaxBytes: part.maxBytes,
  };
}

/** @param wall ms since 1970. */
export function listOffsetsBody(settings: Settings, due: readonly FetchPartition[], wall: () => number): object {
  return {
    replicaId: -1,
    isolationLevel: isolationOf(settings),
    topics: byTopic(due).map(([{ topic }, parts]) => ({
      name: topic,
      partitions: parts.map((part) => ({
        partitionIndex: part.number,
        currentLeaderEpoch: part.leaderEpoch,
        timestamp: timestampOf(part.logical!, wall),
      })),
    })),
  };
}

export function epochEndsBody(due: readonly FetchPartition[]): object {
  return {
    replicaId: -1,
    topics: byTopic(due).map(([{ topic }, parts]) => ({
      topic,
      partitions: parts.map((part) => ({
        partition: part.number,
        currentLeaderEpoch: part.leaderEpoch,
        leaderEpoch: part.offsetEpoch,
      })),
    })),
  };
}

/** Each topic's first partition and all of them; topics in the order in which they are met. */
function byTopic(parts: readonly FetchPartition[]): [FetchPartition, FetchPartition[]][] {
  const topics = new Map<string, [FetchPartition, FetchPartition[]]>();
  for (const part of parts) {
    // Two topics may have had the same name.
    const key = part.topicId === ZERO_UUID ? part.topic : part.topicId;
    const known = topics.get(key);
    if (known === undefined) topics.set(key, [part, [part]]);
    else known[1].push(part);
  }
  return [...topics.values()];
}
