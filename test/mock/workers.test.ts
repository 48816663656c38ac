// Which worker threads a handle starts.
import { expect, test } from 'vitest';
import * as k from '../../src/rdkafka.ts';
import { rd_kafka_mock_topic_create } from '../../src/rdkafka_mock.ts';
import { aCluster, aConsumer, aProducer } from '../kit/builders.ts';
import { pollUntil } from '../kit/consuming.ts';

test('the first broker worker starts with the first produce call, and main takes it over', (t) => {
  const { bootstrap } = aCluster(t, 1);
  const before = k.rd_kafka_thread_cnt();
  const { rk } = aProducer(t, { 'bootstrap.servers': bootstrap });
  const idle = k.rd_kafka_thread_cnt() - before;

  k.rd_kafka_producev(rk, { topic: 't', value: 'x' });
  const started = k.rd_kafka_thread_cnt() - before;
  expect(k.rd_kafka_flush(rk, 45_000)).toBe(0);

  expect([idle, started, k.rd_kafka_thread_cnt() - before]).toEqual([1, 2, 2]);
});

test('the same with the first assign of a consumer', (t) => {
  const { bootstrap, mock } = aCluster(t, 1);
  expect(rd_kafka_mock_topic_create(mock, 't', 1, 1)).toBe(0);
  const before = k.rd_kafka_thread_cnt();
  const rk = aConsumer(t, { 'bootstrap.servers': bootstrap, 'enable.partition.eof': true });
  const idle = k.rd_kafka_thread_cnt() - before;

  k.rd_kafka_assign(rk, [{ topic: 't', partition: 0, offset: 0 }]);
  const started = k.rd_kafka_thread_cnt() - before;
  let err: number | undefined;
  const poll = (): void => {
    err = k.rd_kafka_consumer_poll(rk, 200)?.err;
  };
  pollUntil('the end of the partition', poll, () => err === k.RD_KAFKA_RESP_ERR__PARTITION_EOF);

  expect([idle, started, k.rd_kafka_thread_cnt() - before]).toEqual([1, 2, 2]);
});
