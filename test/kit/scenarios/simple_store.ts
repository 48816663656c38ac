// What a simple consumer stores, with the group's coordinator or in a file, is where the next one goes on; and a topic's
// own auto.offset.reset. @thread app
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { expect } from 'vitest';
import {
  out,
  RD_KAFKA_CONF_OK,
  RD_KAFKA_OFFSET_STORED,
  rd_kafka_consume,
  rd_kafka_consume_start,
  rd_kafka_consume_stop,
  rd_kafka_destroy,
  type rd_kafka_t,
  rd_kafka_topic_conf_new,
  rd_kafka_topic_conf_set,
  rd_kafka_topic_new,
  type rd_kafka_topic_t,
} from '../../../src/rdkafka.ts';
import { aConsumer, aProducer } from '../builders.ts';
import { produceMessages } from '../reports.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const WAIT_MS = 30_000;

function aTopic(rk: rd_kafka_t, name: string, config: Readonly<Record<string, string>>): rd_kafka_topic_t {
  const conf = rd_kafka_topic_conf_new();
  for (const [property, value] of Object.entries(config)) {
    const errstr = out<string>();
    if (rd_kafka_topic_conf_set(conf, property, value, errstr) !== RD_KAFKA_CONF_OK) throw new Error(errstr.value);
  }
  return rd_kafka_topic_new(rk, name, conf)!;
}

/** Offsets of the next `count` messages behind what is stored. */
function fromStored(rkt: rd_kafka_topic_t, count: number): number[] {
  expect(rd_kafka_consume_start(rkt, 0, RD_KAFKA_OFFSET_STORED)).toBe(0);
  const offsets: number[] = [];
  while (offsets.length < count) {
    const message = rd_kafka_consume(rkt, 0, WAIT_MS);
    if (message === null) throw new Error(`no message after ${offsets.join()}`);
    offsets.push(message.err === 0 ? message.offset : message.err);
  }
  return offsets;
}

async function filled(t: TestContext, { bootstrap }: Env): Promise<string> {
  const topic = await freshTopic(bootstrap, 1);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });
  produceMessages(p, topic, 0, 0, 30);
  return topic;
}

export async function storedWithGroup(t: TestContext, env: Env): Promise<void> {
  const topic = await filled(t, env);
  const config = { 'auto.offset.reset': 'earliest', 'offset.store.method': 'broker' };
  const got = [0, 1, 2].map(() => {
    const rk = aConsumer(t, { 'bootstrap.servers': env.bootstrap, 'group.id': topic });
    const rkt = aTopic(rk, topic, config);
    const offsets = fromStored(rkt, 5);
    expect(rd_kafka_consume_stop(rkt, 0)).toBe(0);
    return offsets;
  });
  expect(got.flat()).toEqual(Array.from({ length: 15 }, (_, i) => i));
}

/** The first client stops the partition, the second one only ends. */
export async function storedInFile(t: TestContext, env: Env): Promise<void> {
  const topic = await filled(t, env);
  const folder = mkdtempSync(join(tmpdir(), 'offsets-'));
  t.onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const config = { 'auto.offset.reset': 'earliest', 'offset.store.method': 'file', 'offset.store.path': folder };
  const got = [true, false, true].map((stops) => {
    // The file is the group's own, though no broker hears of it.
    const rk = aConsumer(t, { 'bootstrap.servers': env.bootstrap, 'group.id': topic });
    const rkt = aTopic(rk, topic, config);
    const offsets = fromStored(rkt, 5);
    if (stops) expect(rd_kafka_consume_stop(rkt, 0)).toBe(0);
    else rd_kafka_destroy(rk);
    return offsets;
  });
  expect(got.flat()).toEqual(Array.from({ length: 15 }, (_, i) => i));
  expect(readdirSync(folder).map((file) => readFileSync(join(folder, file), 'latin1'))).toEqual(['15\n']);
}

/** The handle's own default is latest. */
export async function resetOfTopic(t: TestContext, env: Env): Promise<void> {
  const topic = await filled(t, env);
  const rk = aConsumer(t, { 'bootstrap.servers': env.bootstrap, 'group.id': topic, 'auto.offset.reset': 'latest' });
  expect(fromStored(aTopic(rk, topic, { 'auto.offset.reset': 'earliest' }), 1)).toEqual([0]);
}
