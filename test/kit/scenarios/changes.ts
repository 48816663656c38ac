// The cluster changes under a producer, on a mock and on a real Kafka: what both can do.
import { expect, type TestContext } from 'vitest';
import * as k from '../../../src/rdkafka.ts';
import { aProducer, type Config, type TestProducer } from '../builders.ts';
import { pollUntil } from '../consuming.ts';
import { readPayload } from '../msgver.ts';
import { readTopic } from '../read_topic.ts';
import { queueMessages } from '../reports.ts';

export const QUICK = {
  'linger.ms': 1,
  'reconnect.backoff.ms': 10,
  'reconnect.backoff.max.ms': 100,
  'retry.backoff.ms': 10,
  'retry.backoff.max.ms': 50,
  'topic.metadata.refresh.interval.ms': 100,
  'allow.auto.create.topics': false,
} as const;

/** Retries of a producer that is not idempotent may change places, and be stored twice. */
const sorted = (numbers: readonly number[]): readonly number[] => [...new Set(numbers)].sort((a, b) => a - b);
const asTheyAre = (numbers: readonly number[]): readonly number[] => numbers;

export type Kind = readonly [name: string, config: Config, seen: typeof asTheyAre];

export const KINDS: readonly Kind[] = [
  ['a producer', {}, sorted],
  ['an idempotent producer', { 'enable.idempotence': true }, asTheyAre],
];

export const upTo = (first: number, end: number): number[] => Array.from({ length: end - first }, (_, i) => first + i);

/** Numbers in the log of one partition, in order of offset. */
export async function stored(bootstrap: string, topic: string, partition: number): Promise<number[]> {
  const { records } = await readTopic(bootstrap, topic);
  return records.filter((each) => each.partition === partition).map(({ value }) => readPayload(value)!.seq);
}

function polled({ rk, reports }: TestProducer, count: number): void {
  pollUntil(
    `${count} reports`,
    () => k.rd_kafka_poll(rk, 20),
    () => reports.all.length >= count,
  );
}

export interface Changing {
  readonly bootstrap: string;
  /** Of two partitions. */
  readonly topic: string;
  remove(): Promise<void>;
  create(): Promise<void>;
}

/** What was stored before is gone, what comes while the topic is gone and later is delivered. */
export async function topicMadeAgain(t: TestContext, env: Changing, [, config, seen]: Kind): Promise<void> {
  const { bootstrap, topic } = env;
  const p = aProducer(t, { 'bootstrap.servers': bootstrap, ...QUICK, ...config });
  const { id } = queueMessages(p, topic, 0, 0, 200);
  polled(p, 200);

  await env.remove();
  queueMessages(p, topic, 0, 200, 200, { id });
  k.rd_kafka_poll(p.rk, 100);
  await env.create();
  queueMessages(p, topic, 0, 400, 200, { id });
  expect(k.rd_kafka_flush(p.rk, 45_000)).toBe(0);

  p.reports.verify(upTo(0, 600).map((seq) => `${id}/0/${seq}`));
  expect(seen(await stored(bootstrap, topic, 0))).toEqual(upTo(200, 600));
}
