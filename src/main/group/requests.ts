// The group's requests. Their bodies depend on the version, which is known only when the connection is: so each is
// given as a function of it. @thread main
import type { ApiName } from '../../defs/api_name.ts';
import type { Body } from '../../protocol/compile.ts';
import { requestFrame } from '../../protocol/frame.ts';
import type { Messages } from '../../protocol/messages.ts';
import type { GroupSettings, PartitionOffset } from '../group_env.ts';
import type { Outgoing } from './calls.ts';

/**
 * Who we are to the coordinator; generation -1 and an empty id for an app that assigns by itself. With
 * group.protocol=consumer the generation is the member epoch.
 */
export interface Identity {
  readonly memberId: string;
  readonly generation: number;
}

function request<N extends ApiName>(
  settings: GroupSettings,
  name: N,
  timeoutMs: number,
  body: (version: number) => Body<Messages[N]['request']>,
  minVersion = 0,
): Outgoing {
  return {
    name,
    minVersion,
    timeoutMs,
    frame: (version, correlationId) => [
      requestFrame(name, version, correlationId, settings['client.id'], body(version)),
    ],
  };
}

function instanceId(settings: GroupSettings): string | null {
  return settings['group.instance.id'] || null;
}

/** Partitions by topic, in the order of their first mention. */
export function byTopic<T extends { topic: string }>(partitions: readonly T[]): [topic: string, partitions: T[]][] {
  const topics = new Map<string, T[]>();
  for (const each of partitions) {
    const known = topics.get(each.topic);
    if (known === undefined) topics.set(each.topic, [each]);
    else known.push(each);
  }
  return [...topics];
}

/** @param keyType 0 group, 1 transactional id. */
export function findCoordinator(settings: GroupSettings, key: string, keyType: 0 | 1): Outgoing {
  return request(settings, 'FindCoordinator', settings['socket.timeout.ms'], (version) => {
    if (version >= 4) return { keyType, coordinatorKeys: [key] };
    return version >= 1 ? { key, keyType } : { key };
  });
}

// Both may block at the broker while others join or the leader assigns: some grace on top of its own patience.
const GRACE_MS = 3000;

/** @param protocols name and subscription bytes, the preferred one first. */
export function joinGroup(
  settings: GroupSettings,
  memberId: string,
  protocols: readonly { readonly name: string; readonly metadata: Uint8Array }[],
  reason: string,
): Outgoing {
  return request(settings, 'JoinGroup', settings['max.poll.interval.ms'] + GRACE_MS, (version) => ({
    groupId: settings['group.id'],
    sessionTimeoutMs: settings['session.timeout.ms'],
    rebalanceTimeoutMs: settings['max.poll.interval.ms'],
    memberId,
    groupInstanceId: version >= 5 ? instanceId(settings) : null,
    protocolType: settings['group.protocol.type'],
    protocols,
    reason: reason.slice(0, 255),
  }));
}

export function syncGroup(
  settings: GroupSettings,
  me: Identity,
  protocolName: string,
  assignments: readonly { readonly memberId: string; readonly assignment: Uint8Array }[],
): Outgoing {
  return request(settings, 'SyncGroup', settings['session.timeout.ms'] + GRACE_MS, (version) => ({
    groupId: settings['group.id'],
    generationId: me.generation,
    memberId: me.memberId,
    groupInstanceId: version >= 3 ? instanceId(settings) : null,
    protocolType: settings['group.protocol.type'],
    protocolName,
    assignments,
  }));
}

export function heartbeat(settings: GroupSettings, me: Identity): Outgoing {
  return request(settings, 'Heartbeat', settings['session.timeout.ms'], (version) => ({
    groupId: settings['group.id'],
    generationId: me.generation,
    memberId: me.memberId,
    groupInstanceId: version >= 3 ? instanceId(settings) : null,
  }));
}

export function leaveGroup(settings: GroupSettings, memberId: string, timeoutMs: number, reason: string): Outgoing {
  return request(settings, 'LeaveGroup', timeoutMs, (version) =>
    version < 3
      ? { groupId: settings['group.id'], memberId }
      : {
          groupId: settings['group.id'],
          members: [{ memberId, groupInstanceId: instanceId(settings), reason: reason.slice(0, 255) }],
        },
  );
}

export function offsetCommit(
  settings: GroupSettings,
  me: Identity,
  offsets: readonly PartitionOffset[],
  timeoutMs: number,
): Outgoing {
  const body = (version: number): Body<Messages['OffsetCommit']['request']> => ({
    groupId: settings['group.id'],
    generationIdOrMemberEpoch: me.generation,
    memberId: me.memberId,
    // An app that assigns by itself is no member, static or not.
    groupInstanceId: version >= 7 && me.memberId !== '' ? instanceId(settings) : null,
    topics: byTopic(offsets).map(([name, partitions]) => ({
      name,
      partitions: partitions.map((each) => ({
        partitionIndex: each.partition,
        committedOffset: each.offset,
        committedLeaderEpoch: each.leaderEpoch ?? -1,
        committedMetadata: each.metadata ?? new Uint8Array(0),
      })),
    })),
  });
  // Version 0 knows no generation, and goes to ZooKeeper.
  return request(settings, 'OffsetCommit', timeoutMs, body, 1);
}

/** @param me a member of group.protocol=consumer, null for any other. */
export function offsetFetch(
  settings: GroupSettings,
  me: Identity | null,
  partitions: readonly PartitionOffset[],
  requireStable: boolean,
  timeoutMs: number,
): Outgoing {
  const topics = byTopic(partitions).map(([name, of]) => ({
    name,
    partitionIndexes: of.map((each) => each.partition),
  }));
  const body = (version: number): Body<Messages['OffsetFetch']['request']> => {
    const groupId = settings['group.id'];
    const member = me === null ? {} : { memberId: me.memberId, memberEpoch: me.generation };
    if (version >= 8) return { groups: [{ groupId, ...member, topics }], requireStable };
    // Brokers without version 7 have no way to hold back unstable offsets.
    return { groupId: settings['group.id'], topics, requireStable: version >= 7 && requireStable };
  };
  return request(settings, 'OffsetFetch', timeoutMs, body, 1);
}
