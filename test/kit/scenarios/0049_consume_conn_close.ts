// 0049: connections that break while a consumer reads cost no message.
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
  RD_KAFKA_RESP_ERR__TRANSPORT,
  rd_kafka_destroy,
  rd_kafka_subscribe,
} from '../../../src/rdkafka.ts';
import { RD_KAFKAP_Fetch } from '../../../src/rdkafka_mock.ts';
import { aConsumer, aProducer } from '../builders.ts';
import { consumeMessages } from '../consuming.ts';
import { MsgVer } from '../msgver.ts';
import { aProxy } from '../proxy.ts';
import { produceMessages } from '../reports.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const COUNT = 2000;
const CUTS = 4;

/** Every so often the answer of a fetch is cut off in its middle. */
export async function connectionsBreak(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const proxy = await aProxy(t, bootstrap);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap, 'batch.num.messages': 10 });
  const id = produceMessages(p, topic, 0, 0, COUNT, { size: 1000 });
  rd_kafka_destroy(p.rk);
  const c = aConsumer(t, {
    'bootstrap.servers': proxy.bootstrap,
    'group.id': topic,
    'auto.offset.reset': 'earliest',
    'reconnect.backoff.max.ms': 200,
    'fetch.error.backoff.ms': 50,
    // Few messages a fetch, none fetched ahead.
    'fetch.message.max.bytes': 20_000,
    'queued.min.messages': 10,
  });
  const ver = new MsgVer(id).expect(0, 0, COUNT);
  rd_kafka_subscribe(c, [topic]);

  for (let cut = 0; cut < CUTS; cut++) {
    proxy.when('down', RD_KAFKAP_Fetch, 0, 'half');
    const tolerate = [RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN];
    consumeMessages(c, ver, COUNT / CUTS, { tolerate });
  }

  ver.verify('messages over connections that break');
  expect(proxy.count('down', RD_KAFKAP_Fetch).accepted).toBeGreaterThan(CUTS);
}
