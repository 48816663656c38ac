// What rd_kafka_metadata and the metadata cache promise, on a mock cluster as on a real Kafka. @thread app
import { expect, type TestContext } from 'vitest';
import {
  out,
  RD_KAFKA_RESP_ERR__TRANSPORT,
  RD_KAFKA_RESP_ERR_NO_ERROR,
  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
  rd_kafka_assignment,
  rd_kafka_brokers_add,
  rd_kafka_brokers_learned_ids,
  rd_kafka_consumer_poll,
  rd_kafka_metadata,
  rd_kafka_metadata_async,
  rd_kafka_subscribe,
  type rd_kafka_t,
  rd_kafka_topic_destroy,
  rd_kafka_topic_new,
  type rd_kafka_topic_partition_list_t,
  type rd_kafka_topic_t,
} from '../../../src/rdkafka.ts';
import { aConsumer, aProducer } from '../builders.ts';
import { createTopic, freshTopic } from '../topics.ts';
import { until } from '../until.ts';
import type { Env } from './env.ts';

const TIMEOUT_MS = 45_000;

/** The metadata of these topics, which must come. */
export function metadataNow(rk: rd_kafka_t, all: boolean, only: string | null = null): rd_kafka_metadata {
  const rkt = only === null ? null : (rd_kafka_topic_new(rk, only, null) as rd_kafka_topic_t);
  const found = out<rd_kafka_metadata>();
  const err = rd_kafka_metadata(rk, all, rkt, found, TIMEOUT_MS);
  if (rkt !== null) rd_kafka_topic_destroy(rkt);
  expect(err).toBe(RD_KAFKA_RESP_ERR_NO_ERROR);
  return found.value as rd_kafka_metadata;
}

export async function allTopics(t: TestContext, { bootstrap }: Env): Promise<void> {
  const [one, two] = [await freshTopic(bootstrap, 1), await freshTopic(bootstrap, 3)];
  const { rk } = aProducer(t, { 'bootstrap.servers': bootstrap });

  const found = metadataNow(rk, true);

  const ids = found.brokers.map(({ id }) => id);
  const topics = new Map(found.topics.map((topic) => [topic.topic, topic]));
  expect(found.broker_cnt).toBe(found.brokers.length);
  expect(found.topic_cnt).toBe(found.topics.length);
  expect(ids).toContain(found.orig_broker_id);
  expect(found.orig_broker_name).toMatch(new RegExp(`:\\d+/${found.orig_broker_id}$`));
  expect(topics.get(one)?.partition_cnt).toBe(1);
  expect(topics.get(two)?.partitions.map(({ id }) => id)).toEqual([0, 1, 2]);
  for (const part of topics.get(two)?.partitions ?? []) {
    expect(ids).toContain(part.leader);
    expect(part.replicas).toContain(part.leader);
    expect([part.err, part.replica_cnt, part.isr_cnt]).toEqual([0, part.replicas.length, part.isrs.length]);
  }
}

export async function oneTopic(t: TestContext, { bootstrap }: Env): Promise<void> {
  const [wanted, other] = [await freshTopic(bootstrap, 2), await freshTopic(bootstrap, 1)];
  const { rk } = aProducer(t, { 'bootstrap.servers': bootstrap });

  const found = metadataNow(rk, true, wanted);

  expect(found.topics.map(({ topic, partition_cnt, err }) => [topic, partition_cnt, err])).toEqual([[wanted, 2, 0]]);
  expect(found.topics.map(({ topic }) => topic)).not.toContain(other);
}

export async function usedTopics(t: TestContext, { bootstrap }: Env): Promise<void> {
  const used = await freshTopic(bootstrap, 1);
  await freshTopic(bootstrap, 1);
  const { rk } = aProducer(t, { 'bootstrap.servers': bootstrap });
  rd_kafka_topic_new(rk, used, null);

  const found = metadataNow(rk, false);

  expect(found.topics.map(({ topic }) => topic)).toEqual([used]);
}

export async function noTopics(t: TestContext, { bootstrap }: Env): Promise<void> {
  await freshTopic(bootstrap, 1);
  const { rk } = aProducer(t, { 'bootstrap.servers': bootstrap });

  const found = metadataNow(rk, false);

  expect(found.topics).toEqual([]);
  expect(found.broker_cnt).toBeGreaterThan(0);
}

/** The error of a topic stands in the answer; the call itself is well. */
export function missingTopic(t: TestContext, { bootstrap }: Env): void {
  const rk = aConsumer(t, { 'bootstrap.servers': bootstrap });
  const missing = `missing-${crypto.randomUUID()}`;

  const found = metadataNow(rk, false, missing);

  expect(found.topics).toEqual([
    { topic: missing, err: RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, partition_cnt: 0, partitions: [] },
  ]);
}

export async function asPromise(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 2);
  const { rk } = aProducer(t, { 'bootstrap.servers': bootstrap });
  const rkt = rd_kafka_topic_new(rk, topic, null);

  const found = await rd_kafka_metadata_async(rk, false, rkt, TIMEOUT_MS);

  expect(found.topics.map(({ topic, partition_cnt }) => [topic, partition_cnt])).toEqual([[topic, 2]]);
}

/** Nobody listens at port 1. */
export function nobodyThere(t: TestContext): void {
  const { rk } = aProducer(t, { 'bootstrap.servers': '127.0.0.1:1' });
  const found = out<rd_kafka_metadata>();

  const err = rd_kafka_metadata(rk, true, null, found, 2000);

  expect(err).toBe(RD_KAFKA_RESP_ERR__TRANSPORT);
  expect(found.value).toBe(undefined);
}

/** A handle without bootstrap.servers comes to life when it is given some. */
export async function brokersAdded(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const { rk } = aProducer(t);
  const before = rd_kafka_brokers_learned_ids(rk);

  const added = rd_kafka_brokers_add(rk, bootstrap);

  const found = metadataNow(rk, false, topic);
  expect(before).toEqual([]);
  expect(added).toBe(bootstrap.split(',').length);
  expect(rd_kafka_brokers_learned_ids(rk)).toEqual(found.brokers.map(({ id }) => id).sort((a, b) => a - b));
}

/** A subscribed topic is found when it is made later. */
export async function topicAppears(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = `later-${crypto.randomUUID()}`;
  const rk = aConsumer(t, { 'bootstrap.servers': bootstrap, 'topic.metadata.propagation.max.ms': 100 });
  rd_kafka_subscribe(rk, [topic]);
  // Until the consumer has been told that there is none.
  const told: number[] = [];
  while (!told.includes(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)) {
    const message = rd_kafka_consumer_poll(rk, TIMEOUT_MS);
    if (message === null) throw new Error('nothing was told of the missing topic');
    told.push(message.err);
  }

  await createTopic(bootstrap, topic, 2);

  const assigned = out<rd_kafka_topic_partition_list_t>();
  await until(
    () => {
      rd_kafka_consumer_poll(rk, 0);
      rd_kafka_assignment(rk, assigned);
      return assigned.value?.cnt === 2;
    },
    { deadline_ms: TIMEOUT_MS, what: 'the assignment of both partitions' },
  );
}
