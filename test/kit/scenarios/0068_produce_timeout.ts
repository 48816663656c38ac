// 0068: messages whose broker does not answer fail by message.timeout.ms, perhaps stored; answers that come late change
// nothing.
import { expect, type TestContext } from 'vitest';
import {
  out,
  RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED,
  RD_KAFKA_RESP_ERR__MSG_TIMED_OUT,
  RD_KAFKA_RESP_ERR_NO_ERROR,
  rd_kafka_flush,
  rd_kafka_metadata,
  type rd_kafka_metadata_t,
  rd_kafka_topic_destroy,
} from '../../../src/rdkafka.ts';
import { RD_KAFKAP_Produce } from '../../../src/rdkafka_mock.ts';
import { aProducer } from '../builders.ts';
import { aProxy } from '../proxy.ts';
import { produceMessages, queueMessages } from '../reports.ts';
import { aTopicHandle } from '../sending.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const COUNT = 10;
/** Of the topic's own configuration: enough for a slow machine to send them. */
const TIMEOUT_MS = 8000;

/** @param env of one broker, so that both topics' messages go to it */
export async function silentBroker(t: TestContext, { bootstrap }: Env): Promise<void> {
  const [topic, other] = [await freshTopic(bootstrap, 1), await freshTopic(bootstrap, 1)];
  const proxy = await aProxy(t, bootstrap);
  // The connection stays, for the late answers to come on.
  const p = aProducer(t, { 'bootstrap.servers': proxy.bootstrap, 'socket.max.fails': 0 });
  const rkt = aTopicHandle(p.rk, topic, { 'message.timeout.ms': TIMEOUT_MS });
  // Connected then, and both topics known.
  produceMessages(p, other, 0, 0, 1);
  expect(rd_kafka_metadata(p.rk, false, rkt, out<rd_kafka_metadata_t>(), 45_000)).toBe(0);
  const { accepted } = proxy.count('down', RD_KAFKAP_Produce);

  proxy.hold('down');
  const { opaques } = queueMessages(p, topic, 0, 0, COUNT);
  const flushed = rd_kafka_flush(p.rk, 45_000);
  const statuses = p.reports.all.filter(({ err }) => err !== 0).map(({ status }) => status);
  proxy.release('down');
  // Answers come in the order of requests: the late one before this one's.
  produceMessages(p, other, 0, 1, 1);
  const answers = proxy.count('down', RD_KAFKAP_Produce);

  expect(flushed).toBe(RD_KAFKA_RESP_ERR_NO_ERROR);
  p.reports.verify(opaques, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
  expect(statuses).toEqual(opaques.map(() => RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED));
  expect(p.reports.all.length).toBe(COUNT + 2);
  expect([answers.passed, answers.accepted]).toEqual([answers.came, accepted]);
  rd_kafka_topic_destroy(rkt);
}
