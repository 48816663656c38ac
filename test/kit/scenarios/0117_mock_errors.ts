// 0117: errors that a broker gives for a while: retried where retrying helps, told where it does not.
import { expect, type TestContext } from 'vitest';
import {
  out,
  RD_KAFKA_MSG_STATUS_NOT_PERSISTED,
  RD_KAFKA_MSG_STATUS_PERSISTED,
  RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
  RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
  RD_KAFKA_RESP_ERR_NO_ERROR,
  RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
  RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
  rd_kafka_assignment,
  rd_kafka_commit,
  rd_kafka_committed,
  rd_kafka_consumer_close,
  rd_kafka_consumer_poll,
  rd_kafka_destroy,
  rd_kafka_err2name,
  rd_kafka_subscribe,
  type rd_kafka_t,
  type rd_kafka_topic_partition_list_t,
} from '../../../src/rdkafka.ts';
import {
  RD_KAFKAP_FindCoordinator,
  RD_KAFKAP_OffsetCommit,
  RD_KAFKAP_Produce,
  rd_kafka_handle_mock_cluster,
  rd_kafka_mock_push_request_errors,
  rd_kafka_mock_topic_create,
} from '../../../src/rdkafka_mock.ts';
import { aConsumer, aProducer, type Config } from '../builders.ts';
import { consumeMessages, pollUntil } from '../consuming.ts';
import { MsgVer } from '../msgver.ts';
import { produceMessages } from '../reports.ts';
import type { MockEnv } from './env.ts';

const TOPIC = 'test';

/** Three storage errors in a row, on the handle's own mock cluster. */
export function storageError(t: TestContext, retries: number): void {
  const own = { 'test.mock.num.brokers': 3, retries, 'retry.backoff.ms': 50 };
  const p = aProducer(t, own);
  const mock = rd_kafka_handle_mock_cluster(p.rk)!;
  const storage = RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR;
  const enough = retries >= 3;

  rd_kafka_mock_push_request_errors(mock, RD_KAFKAP_Produce, 3, storage, storage, storage);
  produceMessages(p, 'mytopic', -1, 0, 1, { err: enough ? RD_KAFKA_RESP_ERR_NO_ERROR : storage });

  expect(p.reports.all.map(({ status }) => status)).toEqual([
    enough ? RD_KAFKA_MSG_STATUS_PERSISTED : RD_KAFKA_MSG_STATUS_NOT_PERSISTED,
  ]);
}

/** A topic with messages, each in a batch of its own. */
function seeded(t: TestContext, { bootstrap, mock }: MockEnv, partitions: number, count: number): string {
  expect(rd_kafka_mock_topic_create(mock, TOPIC, partitions, 1)).toBe(0);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap, 'batch.num.messages': 1 });
  const id = produceMessages(p, TOPIC, -1, 0, count, { size: 40 });
  rd_kafka_destroy(p.rk);
  return id;
}

export function commitFailsWhileRebalancing(t: TestContext, env: MockEnv): void {
  const count = 100;
  const id = seeded(t, env, 4, count);
  const member: Config = {
    'bootstrap.servers': env.bootstrap,
    'group.id': 'mygroup',
    'enable.auto.commit': false,
    // One message a fetch, so that no partition is consumed whole at once.
    'fetch.message.max.bytes': 100,
  };
  const c1 = aConsumer(t, member);
  const c2 = aConsumer(t, member);
  expect([rd_kafka_subscribe(c1, [TOPIC]), rd_kafka_subscribe(c2, [TOPIC])]).toEqual([0, 0]);
  const each = (vers: readonly MsgVer[]) => () => {
    take(c1, vers[0]!);
    take(c2, vers[1]!);
  };
  const fresh = (): readonly MsgVer[] => [new MsgVer(id), new MsgVer(id)];
  pollUntil('two partitions each', each(fresh()), () => assigned(c1) === 2 && assigned(c2) === 2);
  const first = fresh();
  pollUntil('a message for each', each(first), () => first.every(({ count: seen }) => seen > 0));

  expect(rd_kafka_consumer_close(c2)).toBe(0);
  rd_kafka_destroy(c2);
  const six = Array.from({ length: 6 }, () => RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS);
  rd_kafka_mock_push_request_errors(env.mock, RD_KAFKAP_OffsetCommit, 6, ...six);
  const committed = rd_kafka_commit(c1, null, false);
  const all = new MsgVer(id).expect(-1, 0, count);
  const faults = (): string[] => all.problems({ duplicates: true });
  pollUntil(
    'every message, by the member that is left',
    () => take(c1, all),
    () => faults().length === 0,
  );

  expect(rd_kafka_err2name(committed)).toBe('REBALANCE_IN_PROGRESS');
}

function assigned(rk: rd_kafka_t): number {
  const partitions = out<rd_kafka_topic_partition_list_t>();
  expect(rd_kafka_assignment(rk, partitions)).toBe(0);
  return partitions.value.cnt;
}

function take(rk: rd_kafka_t, ver: MsgVer): void {
  const message = rd_kafka_consumer_poll(rk, 100);
  if (message === null) return;
  expect(rd_kafka_err2name(message.err)).toBe('NO_ERROR');
  ver.add(message);
}

/** A commit that a broker times out is sent again, by the app's call or by close. */
export function commitTimedOut(t: TestContext, env: MockEnv, autoCommit: boolean): void {
  const id = seeded(t, env, 1, 1);
  const member: Config = {
    'bootstrap.servers': env.bootstrap,
    'group.id': 'mygroup',
    'enable.auto.commit': autoCommit,
    'auto.commit.interval.ms': 90_000,
  };
  const c1 = aConsumer(t, member);
  expect(rd_kafka_subscribe(c1, [TOPIC])).toBe(0);
  consumeMessages(c1, new MsgVer(id), 1);

  const timedOut = RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT;
  rd_kafka_mock_push_request_errors(env.mock, RD_KAFKAP_OffsetCommit, 2, timedOut, timedOut);
  const committed = autoCommit ? 0 : rd_kafka_commit(c1, null, false);
  const closed = rd_kafka_consumer_close(c1);
  rd_kafka_destroy(c1);
  const parts = [{ topic: TOPIC, partition: 0, offset: -1001 }];
  const asked = rd_kafka_committed(aConsumer(t, member), parts, 15_000);

  expect([committed, closed, asked].map(rd_kafka_err2name)).toEqual(['NO_ERROR', 'NO_ERROR', 'NO_ERROR']);
  expect(parts[0]!.offset).toBe(1);
}

/** A coordinator that is still loading is asked again; the app hears nothing of it. */
export function coordinatorLoading(t: TestContext, env: MockEnv): void {
  const id = seeded(t, env, 1, 1);
  const loading = RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS;
  rd_kafka_mock_push_request_errors(env.mock, RD_KAFKAP_FindCoordinator, 1, loading);
  const c = aConsumer(t, { 'bootstrap.servers': env.bootstrap });
  const ver = new MsgVer(id).expect(-1, 0, 1);

  expect(rd_kafka_subscribe(c, [TOPIC])).toBe(0);
  consumeMessages(c, ver, 1);

  ver.verify('the message');
  expect(rd_kafka_consumer_close(c)).toBe(0);
}
