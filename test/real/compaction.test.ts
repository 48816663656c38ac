// librdkafka's 0077: a log that Kafka has compacted, with gaps, tombstones and batches that lost records.
import { setTimeout as pause } from 'node:timers/promises';
import { expect, inject, test } from 'vitest';
import {
  RD_KAFKA_RESP_ERR__PARTITION_EOF,
  RD_KAFKA_V_KEY,
  RD_KAFKA_V_PARTITION,
  RD_KAFKA_V_TOPIC,
  RD_KAFKA_V_VALUE,
  rd_kafka_assign,
  rd_kafka_consumer_poll,
  rd_kafka_flush,
  rd_kafka_producev,
} from '../../src/rdkafka.ts';
import { aConsumer, aProducer } from '../kit/builders.ts';
import { pollUntil } from '../kit/consuming.ts';
import { readTopic } from '../kit/read_topic.ts';
import { freshTopic } from '../kit/topics.ts';
import { until } from '../kit/until.ts';

/** The cleaner looks for work every 15 s. */
const CLEANER_MS = 120_000;
const KEYS = 20;
const ROUNDS = 10;

const COMPACTED = {
  'cleanup.policy': 'compact',
  'segment.ms': '100',
  'min.cleanable.dirty.ratio': '0.01',
  'min.compaction.lag.ms': '0',
  'max.compaction.lag.ms': '1000',
  // Tombstones stay for the test.
  'delete.retention.ms': '3600000',
};

interface Kept {
  readonly offset: number;
  readonly key: string;
  readonly value: string | null;
}

for (const codec of ['none', 'gzip'])
  test(`0077: what compaction has left comes, and nothing else (${codec})`, { timeout: 300_000 }, async (t) => {
    const bootstrap = inject('bootstrap');
    const topic = await freshTopic(bootstrap, 1, { configs: COMPACTED });
    const { rk } = aProducer(t, { 'bootstrap.servers': bootstrap, 'compression.codec': codec });
    const last = new Map<string, string | null>();
    const send = (key: string, value: string | null): void => {
      const at = [RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(0)] as const;
      expect(rd_kafka_producev(rk, ...at, RD_KAFKA_V_KEY(key), RD_KAFKA_V_VALUE(value))).toBe(0);
      last.set(key, value);
    };
    // Half of the keys are written in the first rounds only, so that what is left of those lies between gaps.
    for (let round = 0; round < ROUNDS; round++) {
      for (let key = 0; key < (round < 3 ? KEYS : KEYS / 2); key++)
        send(`k${key}`, round === 2 && key % 4 === 3 ? null : `value ${round} of ${key}`);
      expect(rd_kafka_flush(rk, 30_000)).toBe(0);
    }

    const kept = async (): Promise<Kept[]> => {
      const { records } = await readTopic(bootstrap, topic);
      return records.map(({ offset, key, value }) => ({ offset, key: String(key), value: value && String(value) }));
    };
    let left: Kept[] = await kept();
    const all = left.length;
    // A segment ends only when something is written behind it, 100 ms after its begin.
    await until(
      async () => {
        send(`roll ${Date.now()}`, 'x');
        expect(rd_kafka_flush(rk, 30_000)).toBe(0);
        await pause(300);
        left = await kept();
        return left.filter(({ key }) => key.startsWith('k')).length <= KEYS + KEYS / 2;
      },
      { deadline_ms: CLEANER_MS, what: () => `${left.length} of ${all} records are left` },
    );

    const c = aConsumer(t, { 'bootstrap.servers': bootstrap, 'enable.partition.eof': true, 'check.crcs': true });
    rd_kafka_assign(c, [{ topic, partition: 0, offset: 0 }]);
    const got: Kept[] = [];
    let end = -1;
    pollUntil(
      'the end of the partition',
      () => {
        const message = rd_kafka_consumer_poll(c, 200);
        if (message === null) return;
        if (message.err === RD_KAFKA_RESP_ERR__PARTITION_EOF) end = message.offset;
        else {
          expect(message.err).toBe(0);
          const { offset, key, payload } = message;
          got.push({ offset, key: String(key), value: payload && String(payload) });
        }
      },
      () => end >= 0,
    );

    // Behind what was read before it there may be more gaps by now, and no other records.
    const offsets = got.map(({ offset }) => offset);
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
    expect(offsets.some((offset, i) => i > 0 && offset > offsets[i - 1]! + 1)).toBe(true);
    expect(new Map(got.map(({ key, value }) => [key, value]))).toEqual(last);
    expect(got.some(({ value }) => value === null)).toBe(true);
    const known = new Map(left.map((each) => [each.offset, each]));
    for (const each of got) expect(known.get(each.offset)).toEqual(each);
  });
