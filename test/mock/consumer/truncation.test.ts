// A leader that lacks what was consumed already (an unclean election): the log has been cut, and something else is written
// where it was. What KIP-320 is for.
import type { TestContext } from 'vitest';
import { expect, test } from 'vitest';
import type { MockCluster } from '../../../src/app/mock_control.ts';
import {
  RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET,
  rd_kafka_assign,
  rd_kafka_consumer_poll,
  type rd_kafka_message_t,
  type rd_kafka_t,
} from '../../../src/rdkafka.ts';
import { rd_kafka_mock_topic_create } from '../../../src/rdkafka_mock.ts';
import { aCluster, aConsumer, aProducer } from '../../kit/builders.ts';
import { pollUntil } from '../../kit/consuming.ts';
import { produceMessages } from '../../kit/reports.ts';

const TOPIC = 'test';
const COUNT = 10;
const KEPT = 6;

interface Scene {
  readonly rk: rd_kafka_t;
  readonly lines: string[];
  readonly got: rd_kafka_message_t[];
  poll(): void;
}

/** Ten messages were consumed; then the log is cut to six of them, and ten others come. */
function cut(t: TestContext, reset: string): Scene {
  const { mock, bootstrap } = aCluster(t, 1);
  expect(rd_kafka_mock_topic_create(mock, TOPIC, 1, 1)).toBe(0);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap, 'batch.num.messages': 1 });
  produceMessages(p, TOPIC, 0, 0, COUNT);
  const lines: string[] = [];
  const config = { 'bootstrap.servers': bootstrap, 'auto.offset.reset': reset, 'fetch.wait.max.ms': 50 };
  const log = (_level: number, fac: string, text: string): void => void lines.push(`${fac} ${text}`);
  const rk = aConsumer(t, config, { log });
  expect(rd_kafka_assign(rk, [{ topic: TOPIC, partition: 0, offset: 0 }])).toBe(0);
  const got: rd_kafka_message_t[] = [];
  const poll = (): void => {
    const message = rd_kafka_consumer_poll(rk, 200);
    if (message !== null) got.push(message);
  };
  pollUntil('what there was', poll, () => got.length === COUNT);
  got.length = 0;
  expect((mock as unknown as MockCluster).command('truncate', TOPIC, 0, KEPT)).toBe(0);
  produceMessages(p, TOPIC, 0, COUNT, COUNT);
  return { rk, lines, got, poll };
}

test('is gone on with where the logs part, and nothing new is missed', async (t) => {
  const { lines, got, poll } = cut(t, 'earliest');

  pollUntil('the new ones', poll, () => got.length === COUNT);

  expect(got.map(({ err, offset }) => [err, offset])).toEqual(Array.from({ length: COUNT }, (_, i) => [0, KEPT + i]));
  expect(lines.filter((line) => /^OFFSET .*truncation/.test(line))).toHaveLength(1);
});

test('is an error where there is no reset policy', async (t) => {
  const { got, poll } = cut(t, 'error');

  pollUntil('the error', poll, () => got.length > 0);

  expect(got.map(({ err }) => err)).toEqual([RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET]);
  expect(String(got[0]!.payload)).toMatch(/truncation/);
});
