// The requests that only members of KIP-848 groups send. @thread main
import type { ApiName } from '../../defs/api_name.ts';
import type { Body } from '../../protocol/compile.ts';
import { requestFrame } from '../../protocol/frame.ts';
import type { Messages } from '../../protocol/messages.ts';
import { ZERO_UUID } from '../../protocol/reader.ts';
import type { Outgoing } from '../group/calls.ts';
import type { ConsumerGroupSettings } from './env.ts';

/** Partitions of one topic, as heartbeats name them. */
export interface TopicIdPartitions {
  readonly topicId: string;
  readonly partitions: readonly number[];
}

/** What a heartbeat says; null for what has not changed since the last one that was answered. */
export interface Beat {
  readonly memberId: string;
  /** 0 joins, -1 leaves, -2 leaves for a while (static members). */
  readonly epoch: number;
  /** Rack, timeout and assignor are said. */
  readonly full: boolean;
  readonly names: readonly string[] | null;
  /** '' for none. */
  readonly regex: string | null;
  readonly owned: readonly TopicIdPartitions[] | null;
}

/** From version 1 on members name themselves. */
const MIN_VERSION = 1;
/** The first version of Metadata that can be asked for ids. */
const IDS_VERSION = 12;

function outgoing<N extends ApiName>(
  settings: ConsumerGroupSettings,
  name: N,
  minVersion: number,
  timeoutMs: number,
  body: Body<Messages[N]['request']>,
): Outgoing {
  return {
    name,
    minVersion,
    timeoutMs,
    frame: (version, correlationId) => [requestFrame(name, version, correlationId, settings['client.id'], body)],
  };
}

export function consumerGroupHeartbeat(settings: ConsumerGroupSettings, beat: Beat, timeoutMs: number): Outgoing {
  return outgoing(settings, 'ConsumerGroupHeartbeat', MIN_VERSION, timeoutMs, {
    groupId: settings['group.id'],
    memberId: beat.memberId,
    memberEpoch: beat.epoch,
    instanceId: settings['group.instance.id'] || null,
    rackId: beat.full ? settings['client.rack'] || null : null,
    rebalanceTimeoutMs: beat.full ? settings['max.poll.interval.ms'] : -1,
    subscribedTopicNames: beat.names,
    subscribedTopicRegex: beat.regex,
    serverAssignor: beat.full ? settings['group.remote.assignor'] || null : null,
    topicPartitions: beat.owned,
  });
}

/** Asks what the topics of these ids are called. */
export function topicNames(settings: ConsumerGroupSettings, ids: readonly string[]): Outgoing {
  return outgoing(settings, 'Metadata', IDS_VERSION, settings['socket.timeout.ms'], {
    topics: ids.filter((id) => id !== ZERO_UUID).map((topicId) => ({ topicId, name: null })),
    allowAutoTopicCreation: false,
    includeTopicAuthorizedOperations: false,
  });
}
