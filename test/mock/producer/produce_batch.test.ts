// What produce_batch says of each message.
import { expect, test } from 'vitest';
import {
  RD_KAFKA_MSG_F_PARTITION,
  rd_kafka_err2name,
  rd_kafka_outq_len,
  rd_kafka_produce_batch,
  rd_kafka_topic_destroy,
  type rd_kafka_topic_t,
} from '../../../src/rdkafka.ts';
import { aCluster, aProducer } from '../../kit/builders.ts';
import { aTopicHandle, pollReports } from '../../kit/sending.ts';
import { freshTopic } from '../../kit/topics.ts';

/** What it returned, and the error of each message. */
function errorsOf(rkt: rd_kafka_topic_t, partition: number, flags: number, messages: { err?: number }[]): unknown[] {
  const accepted = rd_kafka_produce_batch(rkt, partition, flags, messages as never);
  return [accepted, messages.map(({ err }) => rd_kafka_err2name(err!))];
}

test('a message that is refused does not keep those behind it', async (t) => {
  const { bootstrap } = aCluster(t, 1);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap, 'message.max.bytes': 1000 });
  const rkt = aTopicHandle(p.rk, await freshTopic(bootstrap, 1));

  const errors = errorsOf(rkt, 0, RD_KAFKA_MSG_F_PARTITION, [
    { payload: 'a', _private: 'a', partition: 0 },
    { payload: Buffer.alloc(1000), _private: 'b', partition: 0 },
    { payload: 'c', _private: 'c', partition: -7 },
    { payload: 'd', _private: 'd' },
  ] as never);
  pollReports(p.rk);

  expect(errors).toEqual([2, ['NO_ERROR', 'MSG_SIZE_TOO_LARGE', '_UNKNOWN_PARTITION', 'NO_ERROR']]);
  p.reports.verify(['a', 'd']);
  expect(p.reports.all.length).toBe(2);
  rd_kafka_topic_destroy(rkt);
});

test('behind one that finds the queue full all are refused, even those that would fit', (t) => {
  const p = aProducer(t, { 'queue.buffering.max.kbytes': 1 });
  const rkt = aTopicHandle(p.rk, 'full');
  const payload = Buffer.alloc(600);

  const errors = errorsOf(rkt, 0, 0, [{ payload }, { payload }, { payload: 'small' }] as never);

  expect(errors).toEqual([1, ['NO_ERROR', '_QUEUE_FULL', '_QUEUE_FULL']]);
  rd_kafka_topic_destroy(rkt);
});

test('nothing is accepted of an array in which something is no message', (t) => {
  const p = aProducer(t);
  const rkt = aTopicHandle(p.rk, 'wrong');

  expect(() => errorsOf(rkt, 0, 0, [{}, 7 as never])).toThrow(/^produce_batch: rkmessages\[1\] must be an object/);
  expect(() => errorsOf(rkt, 0, 0, [{}, { payload: 7 } as never])).toThrow(/^produce_batch: rkmessages\[1\]\.payload/);
  expect(rd_kafka_outq_len(p.rk)).toBe(0);
  rd_kafka_topic_destroy(rkt);
});
