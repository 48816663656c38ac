// The application's thread is busy with something of its own for longer than a session lasts, while more messages come:
// no rebalance, and no message lost, repeated or stale. @thread app
import type { TestContext } from 'vitest';
import { expect } from 'vitest';
import {
  out,
  RD_KAFKA_OFFSET_BEGINNING,
  RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS,
  type RebalanceCb,
  rd_kafka_assign,
  rd_kafka_assignment,
  rd_kafka_committed,
  rd_kafka_consume_batch,
  rd_kafka_consume_start,
  rd_kafka_consumer_group_metadata,
  rd_kafka_consumer_group_metadata_generation_id,
  rd_kafka_consumer_poll,
  rd_kafka_incremental_assign,
  rd_kafka_incremental_unassign,
  type rd_kafka_message_t,
  rd_kafka_pause_partitions,
  rd_kafka_rebalance_protocol,
  rd_kafka_resume_partitions,
  rd_kafka_seek_partitions,
  rd_kafka_subscribe,
  type rd_kafka_t,
  rd_kafka_topic_new,
  type rd_kafka_topic_partition_list_t,
} from '../../../src/rdkafka.ts';
import { aConsumer, aProducer, type Config, type TestProducer } from '../builders.ts';
import { consumeMessages, pollUntil } from '../consuming.ts';
import { MsgVer, newTestId } from '../msgver.ts';
import { produceMessages, queueMessages } from '../reports.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const PARTITIONS = 4;
const BEFORE = 50;
const MEANWHILE = 500;
const LAST = BEFORE + MEANWHILE - 1;
/** With the broker's own 6 s for KIP-848. */
const SESSION = { 'session.timeout.ms': 6000, 'heartbeat.interval.ms': 1000 } as const;

export type Protocol = 'range' | 'cooperative-sticky' | 'consumer';

function busy(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

function configOf(protocol: Protocol): Config {
  if (protocol === 'consumer') return { 'group.protocol': 'consumer' };
  return { ...SESSION, 'partition.assignment.strategy': protocol };
}

interface Scene {
  readonly topic: string;
  readonly producer: TestProducer;
  readonly id: string;
}

async function aScene(t: TestContext, { bootstrap }: Env): Promise<Scene> {
  const topic = await freshTopic(bootstrap, PARTITIONS);
  const producer = aProducer(t, { 'bootstrap.servers': bootstrap, 'linger.ms': 50 });
  const id = newTestId();
  for (let partition = 0; partition < PARTITIONS; partition++)
    produceMessages(producer, topic, partition, 0, BEFORE, { id });
  return { topic, producer, id };
}

/** What is sent while the thread is busy: it only has to be queued. */
function sendMeanwhile({ topic, producer, id }: Scene): void {
  for (let partition = 0; partition < PARTITIONS; partition++)
    queueMessages(producer, topic, partition, BEFORE, MEANWHILE, { id });
}

/** Checks what is to arrive of each partition. */
function all(id: string, count: number): MsgVer {
  const ver = new MsgVer(id);
  for (let partition = 0; partition < PARTITIONS; partition++) ver.expect(partition, 0, count);
  return ver;
}

function generationOf(rk: rd_kafka_t): number {
  return rd_kafka_consumer_group_metadata_generation_id(rd_kafka_consumer_group_metadata(rk)!);
}

function answering(calls: number[]): RebalanceCb {
  return (rk, err, partitions) => {
    calls.push(err);
    const assign = err === RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    if (rd_kafka_rebalance_protocol(rk) !== 'COOPERATIVE') rd_kafka_assign(rk, assign ? partitions : null);
    else if (assign) rd_kafka_incremental_assign(rk, partitions);
    else rd_kafka_incremental_unassign(rk, partitions);
  };
}

function holdsAll(rk: rd_kafka_t): boolean {
  const list = out<rd_kafka_topic_partition_list_t>();
  rd_kafka_assignment(rk, list);
  return list.value!.cnt === PARTITIONS;
}

/** A member of a group alone: it is one still, with the same partitions, and finds all that came. */
export async function memberStays(t: TestContext, env: Env, protocol: Protocol, ms: number): Promise<void> {
  const scene = await aScene(t, env);
  const calls: number[] = [];
  const config = { 'bootstrap.servers': env.bootstrap, ...configOf(protocol) };
  const rk = aConsumer(t, config, { rebalance_cb: answering(calls) });
  expect(rd_kafka_subscribe(rk, [scene.topic])).toBe(0);
  const got = all(scene.id, BEFORE + MEANWHILE);
  consumeMessages(rk, got, PARTITIONS * BEFORE);
  expect(holdsAll(rk)).toBe(true);
  const before = { generation: generationOf(rk), calls: calls.length };

  sendMeanwhile(scene);
  busy(ms);
  consumeMessages(rk, got, PARTITIONS * MEANWHILE);

  expect({ generation: generationOf(rk), calls: calls.length }).toEqual(before);
  got.verify('a member whose thread was busy');
}

/** What was handed out before is committed by the timer, which needs no thread of the application's. */
export async function timerCommits(t: TestContext, env: Env, ms: number): Promise<void> {
  const scene = await aScene(t, env);
  const group = `busy-${scene.id}`;
  const config = { 'bootstrap.servers': env.bootstrap, 'group.id': group, 'auto.commit.interval.ms': 500, ...SESSION };
  const rk = aConsumer(t, config);
  expect(rd_kafka_subscribe(rk, [scene.topic])).toBe(0);
  const got = all(scene.id, BEFORE);
  consumeMessages(rk, got, PARTITIONS * BEFORE);

  busy(ms);

  const list = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic: scene.topic, partition, offset: -1 }));
  // Another one asks: its own calls make no commit of the first one's.
  const other = aConsumer(t, { 'bootstrap.servers': env.bootstrap, 'group.id': group });
  expect(rd_kafka_committed(other, list, 30_000)).toBe(0);
  expect(list.map(({ offset }) => offset)).toEqual(list.map(() => BEFORE));
  got.verify('before');
}

/** Nothing of a paused partition before its resume, nothing of a sought one from before the seek. */
export async function flowHolds(t: TestContext, env: Env, ms: number): Promise<void> {
  const scene = await aScene(t, env);
  const rk = aConsumer(t, { 'bootstrap.servers': env.bootstrap, ...SESSION });
  expect(rd_kafka_subscribe(rk, [scene.topic])).toBe(0);
  const offsets: number[][] = Array.from({ length: PARTITIONS }, () => []);
  const take = (): void => {
    const message = rd_kafka_consumer_poll(rk, 200);
    if (message?.err === 0) offsets[message.partition]!.push(message.offset);
  };
  pollUntil('a message of each partition', take, () => offsets.every(({ length }) => length > 0));
  const one = (partition: number, offset = 0) => [{ topic: scene.topic, partition, offset }];
  expect(rd_kafka_pause_partitions(rk, one(0))).toBe(0);
  const paused = offsets[0]!.length;
  expect(rd_kafka_seek_partitions(rk, one(1, 5), 30_000)).toBe(null);
  offsets[1] = [];

  sendMeanwhile(scene);
  busy(ms);
  pollUntil('all of the others', take, () => offsets.slice(1).every((each) => each.at(-1) === LAST));
  expect(offsets[0]).toHaveLength(paused);
  expect(rd_kafka_resume_partitions(rk, one(0))).toBe(0);
  pollUntil('all of the paused one', take, () => offsets[0]!.at(-1) === LAST);

  const from = (first: number): number[] => Array.from({ length: LAST + 1 - first }, (_, i) => first + i);
  expect(offsets).toEqual([from(0), from(5), from(0), from(0)]);
}

/** A simple consumer's partitions are fetched ahead, and come whole and in order. */
export async function simpleGoesOn(t: TestContext, env: Env, ms: number): Promise<void> {
  const scene = await aScene(t, env);
  const rk = aConsumer(t, { 'bootstrap.servers': env.bootstrap });
  const rkt = rd_kafka_topic_new(rk, scene.topic, null)!;
  for (let partition = 0; partition < PARTITIONS; partition++)
    expect(rd_kafka_consume_start(rkt, partition, RD_KAFKA_OFFSET_BEGINNING)).toBe(0);
  const got = all(scene.id, BEFORE + MEANWHILE);
  const taken = Array.from({ length: PARTITIONS }, () => 0);
  const take = (count: number): void => {
    for (let partition = 0; partition < PARTITIONS; partition++) {
      while (taken[partition]! < count) {
        const messages: rd_kafka_message_t[] = [];
        rd_kafka_consume_batch(rkt, partition, 1000, messages, count - taken[partition]!);
        for (const message of messages) if (message.err === 0 && got.add(message)) taken[partition]!++;
      }
    }
  };
  take(BEFORE);

  sendMeanwhile(scene);
  busy(ms);
  take(BEFORE + MEANWHILE);

  got.verify('a simple consumer whose thread was busy');
}
