// What the app thread may ask of a cluster: every function of rdkafka_mock.h that is served, and what tests need
// besides. Arguments and results can be cloned to another thread; where C returns an error code, so do these.
// @thread mock
import { RD_KAFKAP__NUM } from '../defs/mock_enums.generated.ts';
import type { StoredRow } from '../defs/mock_rows.ts';
import { type BatchRecord, writeBatch } from '../records/batch_writer.ts';
import { appendMarker, appendRaw, appendRecords } from './append.ts';
import type { Broker } from './broker.ts';
import type { MockCluster } from './cluster.ts';
import { E } from './codes.ts';
import type { Where } from './conditions.ts';
import { KEY_GROUP, KEY_TRANSACTION } from './coordinator.ts';
import { errorFaults } from './faults.ts';
import { fromRows } from './groups/partition_sets.ts';
import { storedRecords } from './inspect.ts';
import { checkTopicName, MAX_PARTITIONS, type Partition } from './topics.ts';
import type { TrackedRequest } from './tracking.ts';
import { type GroupView, groupView } from './views.ts';

const ALL_BROKERS = -1;

/** A fault of `push_fault`: what happens, and how often. */
export interface FaultRequest {
  /** Code that the whole request is answered with, 0 for none; _TRANSPORT (-195): cut, not done. */
  readonly error?: number;
  /** Milliseconds by which the answer is held back. */
  readonly rtt?: number;
  /** Done, then cut. */
  readonly loseAnswer?: boolean;
  /** 1 by default. */
  readonly times?: number;
}

/** Applies to one broker, or to all with -1. */
async function eachBroker(
  cluster: MockCluster,
  brokerId: number,
  apply: (broker: Broker) => void | Promise<void>,
): Promise<number> {
  const brokers = cluster.brokers().filter((broker) => brokerId === ALL_BROKERS || broker.id === brokerId);
  if (brokers.length === 0 && brokerId !== ALL_BROKERS) return E.BROKER_NOT_AVAILABLE;
  for (const broker of brokers) await apply(broker);
  return E.NONE;
}

/** The partition; a topic that does not exist is created with just enough of them, as in librdkafka's mock. */
function partitionOf(cluster: MockCluster, topic: string, partition: number): Partition | undefined {
  const found = cluster.topics.get(topic);
  if (found !== undefined) return found.partitions[partition];
  if (partition < 0 || partition >= MAX_PARTITIONS || checkTopicName(topic) !== E.NONE) return undefined;
  return cluster.createTopic(topic, partition + 1).partitions[partition];
}

function onPartition(
  cluster: MockCluster,
  topic: string,
  partition: number,
  apply: (partition: Partition) => void,
): number {
  const found = partitionOf(cluster, topic, partition);
  if (found === undefined) return E.UNKNOWN_TOPIC_OR_PARTITION;
  apply(found);
  return E.NONE;
}

async function startBroker(broker: Broker): Promise<number> {
  try {
    if (!broker.up) await broker.start();
    return E.NONE;
  } catch {
    return E.LOCAL_TRANSPORT;
  }
}

const ERROR_COMMANDS = {
  mock_push_request_errors: (cluster: MockCluster, apiKey: number, errors: readonly number[]): void => {
    cluster.faults.push(apiKey, errorFaults(errors));
  },
  mock_push_request_errors_array: (cluster: MockCluster, apiKey: number, errors: readonly number[]): void => {
    cluster.faults.push(apiKey, errorFaults(errors));
  },
  mock_clear_request_errors: (cluster: MockCluster, apiKey: number): void => cluster.faults.clear(apiKey),
  /** Not in rdkafka_mock.h: the rtts form without delays. */
  mock_broker_push_request_errors: (
    cluster: MockCluster,
    brokerId: number,
    apiKey: number,
    errors: readonly number[],
  ): number => {
    const broker = cluster.broker(brokerId);
    broker?.faults.push(apiKey, errorFaults(errors));
    return broker === undefined ? E.LOCAL_UNKNOWN_BROKER : E.NONE;
  },
  /** @param pairs [error, milliseconds] each. */
  mock_broker_push_request_error_rtts: (
    cluster: MockCluster,
    brokerId: number,
    apiKey: number,
    pairs: readonly (readonly [number, number])[],
  ): number => {
    const broker = cluster.broker(brokerId);
    const faults = pairs.map(([error, rtt]) => ({ error, rtt, loseAnswer: false }));
    broker?.faults.push(apiKey, faults);
    return broker === undefined ? E.LOCAL_UNKNOWN_BROKER : E.NONE;
  },
  mock_broker_error_stack_cnt: (
    cluster: MockCluster,
    brokerId: number,
    apiKey: number,
  ): { err: number; count: number } => {
    const broker = cluster.broker(brokerId);
    if (broker === undefined) return { err: E.LOCAL_UNKNOWN_BROKER, count: 0 };
    return { err: E.NONE, count: broker.faults.count(apiKey) };
  },
  mock_partition_push_request_errors: (
    cluster: MockCluster,
    topic: string,
    partition: number,
    apiKey: number,
    errors: readonly number[],
  ): number => onPartition(cluster, topic, partition, ({ faults }) => faults.push(apiKey, errorFaults(errors))),
  /** For tests: the next requests of a kind that fit `where` get a fault. Librdkafka's stacks go before it. */
  push_fault: (cluster: MockCluster, apiKey: number, where: Partial<Where>, fault: FaultRequest): void => {
    const { error = E.NONE, rtt = 0, loseAnswer = false, times = 1 } = fault;
    const { broker = null, topic = null, partition = null } = where;
    cluster.conditions.add(apiKey, { broker, topic, partition }, { error, rtt, loseAnswer }, times);
  },
} as const;

const TOPIC_COMMANDS = {
  mock_topic_create: (cluster: MockCluster, topic: string, partitions: number, replication: number): number => {
    if (cluster.topics.get(topic) !== undefined) return E.TOPIC_ALREADY_EXISTS;
    if (checkTopicName(topic) !== E.NONE) return E.INVALID_TOPIC_EXCEPTION;
    if (partitions < 1 || partitions > MAX_PARTITIONS || replication < 1) return E.LOCAL_INVALID_ARG;
    cluster.createTopic(topic, partitions, replication);
    return E.NONE;
  },
  mock_topic_delete: (cluster: MockCluster, topic: string): number =>
    cluster.deleteTopic(topic) ? E.NONE : E.UNKNOWN_TOPIC_OR_PARTITION,
  mock_topic_set_error: (cluster: MockCluster, topic: string, error: number): void => {
    const found = cluster.topics.get(topic) ?? cluster.createTopic(topic);
    found.error = error;
  },
  /** @param before -1 for the end of the log. */
  mock_partition_delete_records: (cluster: MockCluster, topic: string, partition: number, before: number): number => {
    const found = cluster.topics.partition(topic, partition);
    if (found === undefined) return E.UNKNOWN_TOPIC_OR_PARTITION;
    const { log } = found;
    if (before < -1 || before > log.endOffset) return E.OFFSET_OUT_OF_RANGE;
    log.deleteBefore(before === -1 ? log.endOffset : before);
    found.changed();
    return E.NONE;
  },
  mock_partition_set_leader: (cluster: MockCluster, topic: string, partition: number, brokerId: number): number => {
    const found = partitionOf(cluster, topic, partition);
    if (found === undefined) return E.UNKNOWN_TOPIC_OR_PARTITION;
    if (brokerId !== -1 && cluster.broker(brokerId) === undefined) return E.BROKER_NOT_AVAILABLE;
    found.setLeader(brokerId);
    return E.NONE;
  },
  mock_partition_set_follower: (cluster: MockCluster, topic: string, partition: number, brokerId: number): number =>
    onPartition(cluster, topic, partition, (found) => {
      found.followerId = brokerId;
      found.changed();
    }),
  /** @param lo @param hi -1 for the leader's own. */
  mock_partition_set_follower_wmarks: (
    cluster: MockCluster,
    topic: string,
    partition: number,
    lo: number,
    hi: number,
  ): number =>
    onPartition(cluster, topic, partition, (found) => {
      found.followerStart = lo === -1 ? null : lo;
      found.followerEnd = hi === -1 ? null : hi;
      found.changed();
    }),
  mock_partition_push_leader_response: (
    cluster: MockCluster,
    topic: string,
    partition: number,
    leaderId: number,
    leaderEpoch: number,
  ): number =>
    onPartition(cluster, topic, partition, ({ leaderResponses }) => leaderResponses.push({ leaderId, leaderEpoch })),
} as const;

const BROKER_COMMANDS = {
  /** @param brokerId -1 for all, as in the next ones; listener and connections are closed when this settles. */
  mock_broker_set_down: (cluster: MockCluster, brokerId: number): Promise<number> =>
    eachBroker(cluster, brokerId, (broker) => broker.stop('broker down')),
  /** @returns _TRANSPORT if the port is somebody else's by now. */
  mock_broker_set_up: async (cluster: MockCluster, brokerId: number): Promise<number> => {
    let failed: number = E.NONE;
    const err = await eachBroker(cluster, brokerId, async (broker) => {
      failed = (await startBroker(broker)) || failed;
    });
    return err || failed;
  },
  mock_broker_set_rtt: (cluster: MockCluster, brokerId: number, rttMs: number): Promise<number> =>
    eachBroker(cluster, brokerId, (broker) => broker.setRtt(rttMs)),
  mock_broker_set_rack: (cluster: MockCluster, brokerId: number, rack: string | null): Promise<number> =>
    eachBroker(cluster, brokerId, (broker) => {
      broker.rack = rack;
    }),
  /** What is advertised; the listener stays. */
  mock_broker_set_host_port: (cluster: MockCluster, brokerId: number, host: string, port: number): void => {
    const broker = cluster.broker(brokerId);
    if (broker === undefined) return;
    broker.advertisedHost = host;
    broker.advertisedPort = port;
  },
  mock_broker_decommission: (cluster: MockCluster, brokerId: number): Promise<number> =>
    eachBroker(cluster, brokerId, (broker) => cluster.removeBroker(broker)),
  mock_broker_remove_from_metadata: (cluster: MockCluster, brokerId: number): Promise<number> =>
    eachBroker(cluster, brokerId, (broker) => {
      broker.inMetadata = false;
      cluster.reassign();
    }),
  mock_broker_add: async (cluster: MockCluster, brokerId: number): Promise<number> => {
    if (cluster.broker(brokerId) !== undefined || brokerId < 0) return E.LOCAL_INVALID_ARG;
    try {
      await cluster.addBroker(brokerId);
      return E.NONE;
    } catch {
      return E.LOCAL_TRANSPORT;
    }
  },
} as const;

const CLUSTER_COMMANDS = {
  mock_cluster_bootstraps: (cluster: MockCluster): string => cluster.bootstraps(),
  mock_coordinator_set: (cluster: MockCluster, keyType: string, key: string, brokerId: number): number => {
    if (keyType !== 'group' && keyType !== 'transaction') return E.LOCAL_INVALID_ARG;
    cluster.coordinators.set(keyType === 'group' ? KEY_GROUP : KEY_TRANSACTION, key, brokerId);
    return E.NONE;
  },
  mock_set_apiversion: (cluster: MockCluster, apiKey: number, min: number, max: number): number => {
    if (apiKey < 0 || apiKey >= RD_KAFKAP__NUM) return E.LOCAL_INVALID_ARG;
    cluster.setVersions(apiKey, { min, max });
    return E.NONE;
  },
  mock_group_initial_rebalance_delay_ms: (cluster: MockCluster, delayMs: number): void => {
    cluster.groupInitialRebalanceDelayMs = delayMs;
  },
  mock_set_group_consumer_session_timeout_ms: (cluster: MockCluster, ms: number): void => {
    cluster.consumerSessionTimeoutMs = ms;
  },
  mock_set_group_consumer_heartbeat_interval_ms: (cluster: MockCluster, ms: number): void => {
    cluster.consumerHeartbeatIntervalMs = ms;
  },
  /** Nothing happens if there is no such KIP-848 group. @param targets null lets an assignor choose again. */
  mock_cgrp_consumer_target_assignment: (
    cluster: MockCluster,
    id: string,
    targets: readonly (readonly [memberId: string, partitions: readonly (readonly [string, number])[]])[] | null,
  ): void => {
    const group = cluster.groups.find(id);
    if (group?.type !== 'consumer') return;
    const rows = (partitions: readonly (readonly [string, number])[]) =>
      partitions.flatMap(([topic, partition]) => {
        const topicId = cluster.topics.get(topic)?.id;
        return topicId === undefined ? [] : { topicId, partitions: [partition] };
      });
    group.setTargets(targets && new Map(targets.map(([memberId, each]) => [memberId, fromRows(rows(each))])));
  },
  mock_start_request_tracking: (cluster: MockCluster): void => cluster.tracking.start(),
  mock_stop_request_tracking: (cluster: MockCluster): void => cluster.tracking.stop(),
  mock_get_requests: (cluster: MockCluster): readonly TrackedRequest[] => cluster.tracking.requests(),
  mock_clear_requests: (cluster: MockCluster): void => cluster.tracking.clear(),
} as const;

const TEST_COMMANDS = {
  /** All records of a topic, partition by partition; none if there is no such topic. */
  records: (cluster: MockCluster, topic: string): StoredRow[] =>
    (cluster.topics.get(topic)?.partitions ?? []).flatMap((partition) => storedRecords(partition.id, partition.log)),
  /** Appends records without a producer, as one batch; creates the topic if need be. @returns an error code. */
  put: (cluster: MockCluster, topic: string, partition: number, records: readonly BatchRecord[]): number => {
    const found =
      (cluster.topics.get(topic) ?? cluster.createTopic(topic)).partitions[partition] ??
      partitionOf(cluster, topic, partition);
    if (found === undefined) return E.UNKNOWN_TOPIC_OR_PARTITION;
    if (records.length === 0) return E.NONE;
    const now = Math.floor(cluster.clock.wall());
    const batch = writeBatch(records.map((record) => ({ ...record, timestamp: record.timestamp ?? now })));
    return appendRecords(found, cluster.producerIds, batch, null, Number.MAX_SAFE_INTEGER).errorCode;
  },
  /** Appends one batch as it is, whatever is in it. @returns an error code. */
  put_batch: (cluster: MockCluster, topic: string, partition: number, batch: Uint8Array): number =>
    onPartition(cluster, topic, partition, (found) => void appendRaw(found, batch)),
  /** Ends a transaction of records that were put or produced, by a marker. @returns an error code. */
  end_transaction: (
    cluster: MockCluster,
    topic: string,
    partition: number,
    producerId: number,
    producerEpoch: number,
    committed: boolean,
  ): number =>
    onPartition(cluster, topic, partition, (found) => {
      appendMarker(found, { producerId, producerEpoch }, committed, Math.floor(cluster.clock.wall()));
    }),
  /** Leaves out the offsets up to `offset`, as compaction does. @returns an error code. */
  skip_to: (cluster: MockCluster, topic: string, partition: number, offset: number): number =>
    onPartition(cluster, topic, partition, (found) => {
      found.log.skipTo(offset);
      found.changed();
    }),
  /** Drops the records from `offset` on: a replica has become leader that lacked them. @returns an error code. */
  truncate: (cluster: MockCluster, topic: string, partition: number, offset: number): number =>
    onPartition(cluster, topic, partition, (found) => found.truncate(offset)),
  /** How many fetch sessions each broker has, by its id. */
  fetch_sessions: (cluster: MockCluster): Record<number, number> =>
    Object.fromEntries(cluster.brokers().map(({ id, sessions }) => [id, sessions.size])),
  /** Ends all fetch sessions, and has no room for more than `max` of each broker from now on; 0: none is opened. */
  limit_fetch_sessions: (cluster: MockCluster, max: number): void => {
    for (const { sessions } of cluster.brokers()) {
      sessions.clear();
      sessions.max = max;
    }
  },
  /** The committed offset, -1 if there is none. */
  committed: (cluster: MockCluster, group: string, topic: string, partition: number): number =>
    cluster.groups.find(group)?.offsets.find(topic, partition)?.offset ?? -1,
  /** Null if nobody knows the group. */
  group_state: (cluster: MockCluster, id: string): GroupView | null => {
    const group = cluster.groups.find(id);
    return group === undefined ? null : groupView(cluster, group);
  },
  /** Makes the members of a group join again. */
  rebalance: (cluster: MockCluster, group: string): void =>
    cluster.groups.find(group)?.rebalance('asked for by a test'),
  /** Topics, groups, faults and versions as in a new cluster; brokers stay, and all of them are up. */
  reset: (cluster: MockCluster): Promise<void> => cluster.reset(),
} as const;

/** Name -> (cluster, ...arguments) => result or a promise of it. */
export const COMMANDS = {
  ...ERROR_COMMANDS,
  ...TOPIC_COMMANDS,
  ...BROKER_COMMANDS,
  ...CLUSTER_COMMANDS,
  ...TEST_COMMANDS,
} as const;

export type CommandName = keyof typeof COMMANDS;
