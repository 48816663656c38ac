// 0111: a producer waits topic.metadata.propagation.max.ms for a topic that is not there yet.
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_PARTITION_UA,
  RD_KAFKA_RESP_ERR_NO_ERROR,
  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
  rd_kafka_flush,
  rd_kafka_poll,
} from '../../../src/rdkafka.ts';
import {
  RD_KAFKAP_Metadata,
  rd_kafka_mock_start_request_tracking,
  rd_kafka_mock_topic_create,
  rd_kafka_mock_topic_set_error,
} from '../../../src/rdkafka_mock.ts';
import { aProducer } from '../builders.ts';
import { pollUntil } from '../consuming.ts';
import { queueMessages } from '../reports.ts';
import { requestsOf } from '../requests_seen.ts';
import type { MockEnv } from './env.ts';

const TOPIC = 'later';

/** As long as it has this error, nobody can make the topic by asking for it. */
function absent({ mock }: MockEnv): void {
  expect(rd_kafka_mock_topic_create(mock, TOPIC, 1, 3)).toBe(0);
  rd_kafka_mock_topic_set_error(mock, TOPIC, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  rd_kafka_mock_start_request_tracking(mock);
}

export function waitsForTopic(t: TestContext, env: MockEnv): void {
  absent(env);
  // Longer than by default: however slow the machine, the time is not over.
  const p = aProducer(t, { 'bootstrap.servers': env.bootstrap, 'topic.metadata.propagation.max.ms': 600_000 });

  const { opaques } = queueMessages(p, TOPIC, RD_KAFKA_PARTITION_UA, 0, 1);
  pollUntil(
    'several answers that the topic is not there',
    () => rd_kafka_poll(p.rk, 100),
    () => requestsOf(env.mock, RD_KAFKAP_Metadata).length >= 3,
  );
  const early = p.reports.all.length;
  rd_kafka_mock_topic_set_error(env.mock, TOPIC, RD_KAFKA_RESP_ERR_NO_ERROR);
  const flushed = rd_kafka_flush(p.rk, 45_000);

  expect([early, flushed]).toEqual([0, 0]);
  p.reports.verify(opaques);
}

export function waitsNoLonger(t: TestContext, env: MockEnv): void {
  absent(env);
  const p = aProducer(t, { 'bootstrap.servers': env.bootstrap, 'topic.metadata.propagation.max.ms': 3 });

  const { opaques } = queueMessages(p, TOPIC, RD_KAFKA_PARTITION_UA, 0, 1);
  const flushed = rd_kafka_flush(p.rk, 45_000);

  expect(flushed).toBe(0);
  p.reports.verify(opaques, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
}
