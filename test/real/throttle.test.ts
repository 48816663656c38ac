// throttle_cb with the quotas of a real Kafka.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import * as k from '../../src/rdkafka.ts';
import { aConf, aHandle } from '../kit/builders.ts';
import { JavaPeer } from '../kit/java_peer.ts';
import { freshTopic } from '../kit/topics.ts';
import { until } from '../kit/until.ts';

const VALUE = Buffer.alloc(10_000);

let peer: JavaPeer | null = null;

beforeAll(async () => {
  peer = await JavaPeer.start('QuotaPeer', inject('bootstrap'));
});

afterAll(() => peer?.close());

test('a producer above its quota hears of the time that it is throttled, and every message arrives', async (t) => {
  const bootstrap = inject('bootstrap');
  const topic = await freshTopic(bootstrap, 1);
  const client = `throttled-${randomUUID()}`;
  await peer!.ask(`quota ${client} producer_byte_rate 20000`);
  const throttled: number[] = [];
  const errors: number[] = [];
  let delivered = 0;
  const conf = aConf(t, { 'bootstrap.servers': bootstrap, 'client.id': client, 'linger.ms': 0 });
  k.rd_kafka_conf_set_throttle_cb(conf, (_rk, name, _id, ms) => void (name === bootstrap && throttled.push(ms)));
  k.rd_kafka_conf_set_dr_msg_cb(conf, (_rk, message) => {
    delivered++;
    if (message.err !== 0) errors.push(message.err);
  });
  const rk = aHandle(t, k.RD_KAFKA_PRODUCER, conf);
  let sent = 0;

  // Until a quota is known to all of a broker's threads a few go free.
  await until(
    async () => {
      expect(k.rd_kafka_producev(rk, k.RD_KAFKA_V_TOPIC(topic), k.RD_KAFKA_V_VALUE(VALUE))).toBe(0);
      sent++;
      await k.rd_kafka_flush_async(rk, 60_000);
      return throttled.some((ms) => ms > 0);
    },
    { deadline_ms: 90_000 },
  );
  await peer!.ask(`quota ${client} producer_byte_rate none`);
  await k.rd_kafka_flush_async(rk, 90_000);

  expect([delivered, errors]).toEqual([sent, []]);
});
