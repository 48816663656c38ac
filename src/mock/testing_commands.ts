// What rdkafka-ts/testing asks of a cluster, beside rdkafka_mock.h. What can't be done throws Refused, and nothing has
// happened then; commands that wait are answered when their time has come, and hold up no other. @thread mock
import type { ApiName } from '../defs/api_name.ts';
import type { SeenRow, StoredRow } from '../defs/mock_rows.ts';
import { APIS, apiByKey } from '../protocol/api.ts';
import { crc32 } from '../rd/crc32.ts';
import { type BatchRecord, writeBatch } from '../records/batch_writer.ts';
import { appendRecords } from './append.ts';
import type { Broker } from './broker.ts';
import type { MockCluster } from './cluster.ts';
import { E } from './codes.ts';
import { NAMED, type Where } from './conditions.ts';
import type { Fault } from './faults.ts';
import type { AnyGroup } from './groups/groups.ts';
import { recordsOf } from './inspect.ts';
import { committedStanding, groupStanding, noGroup, recordCount, recordsStanding } from './standing.ts';
import { checkTopicName, type Partition, type Topic } from './topics.ts';
import type { Ended } from './waits.ts';

/** A wish that can't be fulfilled, with a text for people. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

/** One record to be put; a null partition: by its key, else round and round. */
export interface RecordToPut extends BatchRecord {
  readonly partition: number | null;
}

function brokerOf(cluster: MockCluster, id: number): Broker {
  const found = cluster.broker(id);
  if (found !== undefined) return found;
  const ids = cluster.brokers().map((broker) => broker.id);
  throw new Refused(`there is no broker ${id}; brokers: ${ids.join(', ')}`);
}

function partitionOf(topic: Topic, partition: number): Partition {
  const found = topic.partitions[partition];
  if (found !== undefined) return found;
  throw new Refused(`topic ${topic.name} has no partition ${partition}, only 0 to ${topic.partitions.length - 1}`);
}

function groupOf(cluster: MockCluster, id: string): AnyGroup {
  const found = cluster.groups.find(id);
  if (found === undefined) throw new Refused(`group ${id}: ${noGroup(cluster)}`);
  return found;
}

/** The key of a request, by its name. */
function keyOf(api: string): number {
  if (!Object.hasOwn(APIS, api)) throw new Refused(`Kafka has no request ${api}`);
  return APIS[api as ApiName].key;
}

function newTopic(cluster: MockCluster, name: string): Topic {
  if (checkTopicName(name) !== E.NONE) throw new Refused(`${JSON.stringify(name)} can't be the name of a topic`);
  return cluster.createTopic(name);
}

/** As librdkafka's consistent_random, but that it goes round where that is random. */
function placeOf(topic: Topic, { partition, key }: RecordToPut): Partition {
  const count = topic.partitions.length;
  if (partition !== null) return partitionOf(topic, partition);
  if (key === null || key === undefined || key.length === 0) return topic.partitions[topic.puts++ % count] as Partition;
  return topic.partitions[crc32(key as Uint8Array) % count] as Partition;
}

/** All records of a topic in the order in which they came. */
function arrived(topic: Topic | undefined): StoredRow[] {
  const batches = (topic?.partitions ?? []).flatMap(({ id, log }) =>
    log.batches().map((batch) => ({ id, log, batch })),
  );
  batches.sort((one, other) => one.batch.arrival - other.batch.arrival);
  return batches.flatMap(({ id, log, batch }) => recordsOf(id, log, batch));
}

export const TESTING_COMMANDS = {
  new_topic: (cluster: MockCluster, name: string, partitions: number): void => {
    cluster.createTopic(name, partitions);
  },
  stored: (cluster: MockCluster, topic: string): StoredRow[] => arrived(cluster.topics.get(topic)),
  /** Creates the topic if need be. All records are put, or none. */
  put_records: (cluster: MockCluster, name: string, records: readonly RecordToPut[]): void => {
    const topic = cluster.topics.get(name) ?? newTopic(cluster, name);
    for (const { partition } of records) if (partition !== null) partitionOf(topic, partition);
    const runs: { place: Partition; records: RecordToPut[] }[] = [];
    for (const record of records) {
      const place = placeOf(topic, record);
      const last = runs.at(-1);
      // One batch for what follows one another in a partition.
      if (last?.place === place) last.records.push(record);
      else runs.push({ place, records: [record] });
    }
    for (const { place, records: run } of runs)
      appendRecords(place, cluster.producerIds, writeBatch(run), null, Number.MAX_SAFE_INTEGER);
  },
  /** The next `times` requests that fit get the fault; Infinity: all, until a reset. */
  tie_fault: (cluster: MockCluster, api: ApiName, where: Where, fault: Fault, times: number): void => {
    const key = keyOf(api);
    if (!(cluster.handledNames() as readonly string[]).includes(api))
      throw new Refused(`the mock cluster does not serve ${api}`);
    if (where.broker !== null) brokerOf(cluster, where.broker);
    if (where.topic !== null && NAMED[api] === undefined) throw new Refused(`a ${api} request names no topics`);
    if (where.partition !== null && NAMED[api] !== 'partitions')
      throw new Refused(`a ${api} request names no partitions`);
    cluster.conditions.add(key, where, fault, times);
  },
  /** Those of one API, or all. */
  seen_requests: (cluster: MockCluster, api: string | null): SeenRow[] => {
    const wanted = api === null ? null : keyOf(api);
    return cluster.seen.requests().flatMap(({ id, apiKey, apiVersion, clientId, timestamp }) => {
      if (wanted !== null && apiKey !== wanted) return [];
      const name = apiByKey(apiKey)?.name as ApiName;
      return { api: name, version: apiVersion, broker: id, clientId: clientId ?? '', at: timestamp / 1000 };
    });
  },
  broker_down: async (cluster: MockCluster, id: number): Promise<void> => brokerOf(cluster, id).stop('broker down'),
  broker_up: async (cluster: MockCluster, id: number): Promise<void> => {
    const broker = brokerOf(cluster, id);
    try {
      await broker.start();
    } catch (error) {
      throw new Refused(`broker ${id} can't listen on its port again: ${(error as Error).message}`);
    }
  },
  lead: (cluster: MockCluster, name: string, partition: number, brokerId: number): void => {
    const topic = cluster.topics.get(name);
    if (topic === undefined) throw new Refused(`there is no topic ${name}`);
    const found = partitionOf(topic, partition);
    found.setLeader(brokerOf(cluster, brokerId).id);
  },
  rejoin: (cluster: MockCluster, group: string): void => groupOf(cluster, group).rebalance('asked for by a test'),
  cancel_wait: (cluster: MockCluster, id: number): void => cluster.waits.cancel(id),
} as const;

/** Each takes the number of the wait and how long it may take (ms, negative: for ever). */
export const WAIT_COMMANDS = {
  /** So many records at least; all that are there. */
  wait_records: (
    cluster: MockCluster,
    id: number,
    timeoutMs: number,
    name: string,
    count: number,
  ): Promise<Ended<StoredRow[]>> => {
    const look = (): StoredRow[] | undefined => {
      const topic = cluster.topics.get(name);
      if (topic === undefined || recordCount(topic) < count) return count === 0 ? [] : undefined;
      const records = arrived(topic);
      return records.length < count ? undefined : records;
    };
    return cluster.waits.until(id, timeoutMs, look, () =>
      recordsStanding(cluster, name, arrived(cluster.topics.get(name))),
    );
  },
  /** Exactly this offset. */
  wait_committed: (
    cluster: MockCluster,
    id: number,
    timeoutMs: number,
    group: string,
    topic: string,
    partition: number,
    offset: number,
  ): Promise<Ended<true>> =>
    cluster.waits.until(
      id,
      timeoutMs,
      () => cluster.groups.find(group)?.offsets.find(topic, partition)?.offset === offset || undefined,
      () => committedStanding(cluster, group, topic, partition),
    ),
  /** Exactly so many members, and the group at rest. */
  wait_group: (
    cluster: MockCluster,
    id: number,
    timeoutMs: number,
    group: string,
    members: number,
  ): Promise<Ended<true>> =>
    cluster.waits.until(
      id,
      timeoutMs,
      () => {
        const found = cluster.groups.find(group);
        const rests = found === undefined || found.state === 'Stable' || found.state === 'Empty';
        return (rests && (found?.members().length ?? 0) === members) || undefined;
      },
      () => groupStanding(cluster, group),
    ),
} as const;
