// 0146: the metadata cache: what stays in it, when it is asked for again, and what a stale answer must not do.
import { expect, type TestContext } from 'vitest';
import {
  out,
  RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
  RD_KAFKA_RESP_ERR_NO_ERROR,
  rd_kafka_err2name,
  rd_kafka_metadata,
  type rd_kafka_metadata_t,
  rd_kafka_poll,
  rd_kafka_subscribe,
  type rd_kafka_t,
  rd_kafka_topic_destroy,
  rd_kafka_topic_new,
  type rd_kafka_topic_t,
} from '../../../src/rdkafka.ts';
import {
  RD_KAFKAP_Fetch,
  RD_KAFKAP_Metadata,
  RD_KAFKAP_Produce,
  rd_kafka_mock_partition_push_leader_response,
  rd_kafka_mock_partition_set_leader,
  rd_kafka_mock_push_request_errors,
  rd_kafka_mock_start_request_tracking,
  rd_kafka_mock_topic_create,
  rd_kafka_mock_topic_set_error,
} from '../../../src/rdkafka_mock.ts';
import { assignAll } from '../assign.ts';
import { aConsumer, aProducer, type Config } from '../builders.ts';
import { consumeMessages, consumeNothing, pollUntil } from '../consuming.ts';
import { MsgVer, newTestId } from '../msgver.ts';
import { produceMessages, queueMessages } from '../reports.ts';
import { requestsOf } from '../requests_seen.ts';
import { freshTopic } from '../topics.ts';
import type { Env, MockEnv } from './env.ts';

function askMetadata(rk: rd_kafka_t, all: boolean, only: rd_kafka_topic_t | null): string[] {
  const metadata = out<rd_kafka_metadata_t>();
  const err = rd_kafka_metadata(rk, all, only, metadata, 15_000);
  expect(rd_kafka_err2name(err)).toBe('NO_ERROR');
  return metadata.value.topics.map(({ topic }) => topic);
}

/** A full metadata call after subscribing takes nothing out of the cache: no error reaches the app. */
export async function cacheOutlivesFullRefresh(t: TestContext, { bootstrap }: Env, strategy: string): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const c = aConsumer(t, { 'bootstrap.servers': bootstrap, 'partition.assignment.strategy': strategy });
  const rkt = rd_kafka_topic_new(c, topic, null)!;

  const one = askMetadata(c, false, rkt);
  const subscribed = rd_kafka_subscribe(c, [topic]);
  const all = askMetadata(c, true, null);
  consumeNothing(c, 300);

  expect(one).toEqual([topic]);
  expect(subscribed).toBe(RD_KAFKA_RESP_ERR_NO_ERROR);
  expect(all).toContain(topic);
  rd_kafka_topic_destroy(rkt);
}

/** A metadata call right after subscribe makes no topic unknown. */
export async function metadataBeforeJoin(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const c = aConsumer(t, { 'bootstrap.servers': bootstrap });

  expect(rd_kafka_subscribe(c, [topic])).toBe(RD_KAFKA_RESP_ERR_NO_ERROR);
  const all = askMetadata(c, true, null);
  consumeNothing(c, 1000);

  expect(all).toContain(topic);
}

/** One error with the leader unchanged: metadata is asked for again, and then no more. */
export function fastRefreshStops(t: TestContext, { bootstrap, mock }: MockEnv): void {
  const topic = 'stops';
  expect(rd_kafka_mock_topic_create(mock, topic, 1, 1)).toBe(0);
  rd_kafka_mock_start_request_tracking(mock);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });
  const asked = (): number => requestsOf(mock, RD_KAFKAP_Metadata).length;

  rd_kafka_mock_push_request_errors(mock, RD_KAFKAP_Produce, 1, RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR);
  produceMessages(p, topic, 0, 0, 3);
  pollUntil(
    'metadata, first and again',
    () => rd_kafka_poll(p.rk, 100),
    () => asked() >= 2,
  );
  const before = asked();
  // Longer than many intervals of the fast refresh: a loop would show.
  for (let i = 0; i < 10; i++) rd_kafka_poll(p.rk, 200);

  expect(asked()).toBeLessThanOrEqual(before + 2);
}

/** While metadata has an error for the topic it is asked for again and again; produced messages do not mind. */
export function fastRefreshGoesOn(t: TestContext, { bootstrap, mock }: MockEnv): void {
  const topic = 'retries';
  expect(rd_kafka_mock_topic_create(mock, topic, 1, 1)).toBe(0);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });
  const id = produceMessages(p, topic, 0, 0, 3);
  rd_kafka_mock_start_request_tracking(mock);
  const asked = (): number => requestsOf(mock, RD_KAFKAP_Metadata).length;

  rd_kafka_mock_push_request_errors(mock, RD_KAFKAP_Produce, 1, RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR);
  rd_kafka_mock_topic_set_error(mock, topic, RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR);
  produceMessages(p, topic, 0, 3, 3, { id });
  pollUntil(
    'metadata asked again and again',
    () => rd_kafka_poll(p.rk, 100),
    () => asked() >= 4,
  );
  rd_kafka_mock_topic_set_error(mock, topic, RD_KAFKA_RESP_ERR_NO_ERROR);
  // The request under way when the error is lifted is the last but one at most.
  const lifted = asked();
  for (let i = 0; i < 15; i++) rd_kafka_poll(p.rk, 200);

  expect(asked()).toBeLessThanOrEqual(lifted + 2);
}

/** A metadata answer with the leader of an older epoch moves nothing back. */
export function staleLeaderIgnored(t: TestContext, { bootstrap, mock }: MockEnv): void {
  const topic = 'stale';
  expect(rd_kafka_mock_topic_create(mock, topic, 1, 3)).toBe(0);
  expect(rd_kafka_mock_partition_set_leader(mock, topic, 0, 1)).toBe(0);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });
  const c = aConsumer(t, { 'bootstrap.servers': bootstrap, 'fetch.wait.max.ms': 10, 'fetch.error.backoff.ms': 10 });
  assignAll(c, topic, 1);
  const id = produceMessages(p, topic, 0, 0, 1);
  const ver = new MsgVer(id).expect(0, 0, 3);
  consumeMessages(c, ver, 1);
  expect(rd_kafka_mock_partition_set_leader(mock, topic, 0, 2)).toBe(0);
  produceMessages(p, topic, 0, 1, 1, { id });
  consumeMessages(c, ver, 1);

  for (let i = 0; i < 10; i++) rd_kafka_mock_partition_push_leader_response(mock, topic, 0, 1, 0);
  const metadata = out<rd_kafka_metadata_t>();
  const err = rd_kafka_metadata(c, true, null, metadata, 15_000);
  rd_kafka_mock_start_request_tracking(mock);
  produceMessages(p, topic, 0, 2, 1, { id });
  consumeMessages(c, ver, 1);

  expect(rd_kafka_err2name(err)).toBe('NO_ERROR');
  expect(metadata.value.topics.find((each) => each.topic === topic)!.partitions[0]!.leader, 'a stale answer').toBe(1);
  ver.verify('before and after');
  expect(requestsOf(mock, RD_KAFKAP_Fetch)).not.toContain(1);
}

/** Leaders move while producing: the next messages go to the new ones. */
export function producerFollowsLeaders(t: TestContext, env: MockEnv, both: boolean): void {
  const { bootstrap, mock } = env;
  const topic = twoPartitions(env);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap, 'batch.num.messages': 1 });
  const id = newTestId();
  for (const partition of [0, 1]) produceMessages(p, topic, partition, 0, 1, { id });

  rd_kafka_mock_start_request_tracking(mock);
  moveLeaders(env, topic, both);
  const queued = [0, 1].flatMap((partition) => queueMessages(p, topic, partition, 1, 1, { id }).opaques);
  pollUntil(
    'reports',
    () => rd_kafka_poll(p.rk, 100),
    () => p.reports.all.length === 4,
  );

  p.reports.verify(queued);
  expect(requestsOf(mock, RD_KAFKAP_Produce)).toEqual(expect.arrayContaining([3, both ? 4 : 2]));
}

/** Leaders move while consuming: the next messages come from the new ones. */
export function consumerFollowsLeaders(t: TestContext, env: MockEnv, both: boolean): void {
  const { bootstrap, mock } = env;
  const topic = twoPartitions(env);
  const servers: Config = { 'bootstrap.servers': bootstrap };
  const p = aProducer(t, servers);
  const id = newTestId();
  const ver = new MsgVer(id).expect(0, 0, 2).expect(1, 0, 2);
  for (const partition of [0, 1]) produceMessages(p, topic, partition, 0, 1, { id });
  const c = aConsumer(t, { ...servers, 'fetch.wait.max.ms': 100 });
  assignAll(c, topic, 2);
  consumeMessages(c, ver, 2);

  rd_kafka_mock_start_request_tracking(mock);
  moveLeaders(env, topic, both);
  const other = aProducer(t, servers);
  for (const partition of [0, 1]) produceMessages(other, topic, partition, 1, 1, { id });
  consumeMessages(c, ver, 2);

  ver.verify('before and after');
  expect(requestsOf(mock, RD_KAFKAP_Fetch)).toEqual(expect.arrayContaining([3, both ? 4 : 2]));
}

function twoPartitions({ mock }: MockEnv): string {
  const topic = 'moving';
  expect(rd_kafka_mock_topic_create(mock, topic, 2, 4)).toBe(0);
  expect(rd_kafka_mock_partition_set_leader(mock, topic, 0, 1)).toBe(0);
  expect(rd_kafka_mock_partition_set_leader(mock, topic, 1, 2)).toBe(0);
  return topic;
}

function moveLeaders({ mock }: MockEnv, topic: string, both: boolean): void {
  expect(rd_kafka_mock_partition_set_leader(mock, topic, 0, 3)).toBe(0);
  if (both) expect(rd_kafka_mock_partition_set_leader(mock, topic, 1, 4)).toBe(0);
}
