// The promises of seek, pause, resume and of queues, on whatever cluster: nothing lost, repeated or stale.
import { expect, type TestContext } from 'vitest';
import * as k from '../../../src/rdkafka.ts';
import {
  RD_KAFKAP_Fetch,
  rd_kafka_mock_clear_requests,
  rd_kafka_mock_partition_set_leader,
  rd_kafka_mock_start_request_tracking,
} from '../../../src/rdkafka_mock.ts';
import { aConf, aConsumer, aHandle, aProducer, type Config } from '../builders.ts';
import { consumeMessages, pollUntil } from '../consuming.ts';
import { MsgVer, newTestId, readPayload } from '../msgver.ts';
import { SeededRandom } from '../random_message.ts';
import { type Producing, produceMessages, queueMessages } from '../reports.ts';
import { requestsOf } from '../requests_seen.ts';
import { silence } from '../simple.ts';
import { freshTopic } from '../topics.ts';
import { until } from '../until.ts';
import type { Env, MockEnv } from './env.ts';

const PARTITIONS = 4;
const FIRST = 2000;

export interface RandomRun {
  readonly seed: number;
  readonly steps: number;
  readonly config: Config;
}

/** What a consumer has to give of each partition next, whatever was asked for. */
class Model {
  readonly next: number[] = Array.from({ length: PARTITIONS }, () => 0);
  readonly paused: boolean[] = Array.from({ length: PARTITIONS }, () => false);
  readonly ends: number[] = Array.from({ length: PARTITIONS }, () => FIRST);
  readonly history: string[] = [];

  got({ err, partition, offset, payload }: k.rd_kafka_message_t): void {
    const sent = readPayload(payload);
    const right = err === 0 && !this.paused[partition] && offset === this.next[partition] && sent?.seq === offset;
    if (!right) {
      const last = this.history.slice(-30).join('\n  ');
      const state = this.paused[partition] ? 'paused' : `at ${this.next[partition]}`;
      throw new Error(`partition ${partition} is ${state} and gives ${err} ${sent?.seq}@${offset} after\n  ${last}`);
    }
    this.next[partition] = offset + 1;
  }
}

/** Seeks, pauses, resumes, moves and new records in any order; then every partition is read to its end. */
export async function randomFlow(t: TestContext, env: Env, { seed, steps, config }: RandomRun): Promise<void> {
  const random = new SeededRandom(seed);
  const to = (n: number): number => random.bits() % n;
  const topic = await freshTopic(env.bootstrap, PARTITIONS, env.mock === undefined ? {} : { replication: 3 });
  const p = aProducer(t, { 'bootstrap.servers': env.bootstrap });
  const id = newTestId();
  for (let i = 0; i < PARTITIONS; i++) produceMessages(p, topic, i, 0, FIRST, { id, size: 200 });
  const c = aConsumer(t, { 'bootstrap.servers': env.bootstrap, 'fetch.wait.max.ms': 50, ...config });
  const all = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition, offset: 0 }));
  expect(k.rd_kafka_assign(c, all)).toBe(0);
  const model = new Model();
  const poll = (): void => {
    const message = k.rd_kafka_consumer_poll(c, 20);
    if (message !== null) model.got(message);
  };
  const act = actions(c, env, topic, model, to);
  for (let step = 0; step < steps; step++) {
    const name = (Object.keys(act) as (keyof typeof act)[])[to(7)];
    if (name !== undefined) {
      const what = act[name]();
      model.history.push(`${step}: ${name} ${what} -> ${model.next}`);
    }
    if (to(10) === 0) more(p, topic, id, model, to(PARTITIONS), to(30));
    for (let i = to(40); i > 0; i--) poll();
  }

  k.rd_kafka_resume_partitions(c, all);
  model.paused.fill(false);
  pollUntil(`the ends ${model.ends}, at ${model.next}`, poll, () => model.next.every((at, i) => at === model.ends[i]));
  silence(c, 200);
  expect(model.next).toEqual(model.ends);
}

function more(p: Producing, topic: string, id: string, model: Model, partition: number, count: number): void {
  produceMessages(p, topic, partition, model.ends[partition]!, count, { id, size: 200 });
  model.ends[partition]! += count;
}

function actions(c: k.rd_kafka_t, { mock }: Env, topic: string, model: Model, to: (n: number) => number) {
  const some = (most = 2): number[] => model.next.map((_, i) => i).filter(() => to(most) !== 0);
  const pause = (paused: boolean): string => {
    // More is resumed than paused, or nothing would flow for most of the time.
    const partitions = some(paused ? 2 : 4);
    const list = partitions.map((partition) => ({ topic, partition, err: -1 }));
    expect(paused ? k.rd_kafka_pause_partitions(c, list) : k.rd_kafka_resume_partitions(c, list)).toBe(0);
    expect(list.filter(({ err }) => err !== 0)).toEqual([]);
    for (const i of partitions) model.paused[i] = paused;
    return `${partitions}`;
  };
  const seek = (timeoutMs: number): string => {
    const list = some().map((partition) => {
      const end = model.ends[partition]!;
      // Within what is fetched ahead, as often as anywhere.
      const near = Math.min(end, model.next[partition]! + to(30));
      return { topic, partition, offset: to(2) === 0 ? near : to(end + 1), err: 0 };
    });
    if (list.length === 0) return 'nothing';
    expect(k.rd_kafka_seek_partitions(c, list, timeoutMs)).toBe(null);
    expect(list.filter(({ err }) => err !== 0)).toEqual([]);
    for (const { partition, offset } of list) model.next[partition] = offset;
    return list.map(({ partition, offset }) => `${partition}@${offset}`).join(' ');
  };
  return {
    pause: () => pause(true),
    resume: () => pause(false),
    seekAndGoOn: () => seek(0),
    seekAndWait: () => seek(15_000),
    moveLeader: () => {
      if (mock === undefined) return 'nothing';
      const [partition, broker] = [to(PARTITIONS), 1 + to(3)];
      rd_kafka_mock_partition_set_leader(mock, topic, partition, broker);
      return `${partition} to ${broker}`;
    },
  };
}

interface One {
  readonly topic: string;
  readonly id: string;
  readonly p: Producing;
  readonly c: k.rd_kafka_t;
}

async function one(t: TestContext, env: Env, count: number, partitions = 1, config: Config = {}): Promise<One> {
  const topic = await freshTopic(env.bootstrap, partitions);
  const p = aProducer(t, { 'bootstrap.servers': env.bootstrap });
  const id = newTestId();
  if (count > 0) produceMessages(p, topic, 0, 0, count, { id });
  return { topic, id, p, c: aConsumer(t, { 'bootstrap.servers': env.bootstrap, ...config }) };
}

/** The buffer that a pause has kept comes at the resume, before any broker has been asked for more. */
export async function resumesFromBuffer(t: TestContext, env: MockEnv): Promise<void> {
  const { topic, id, c } = await one(t, env, 100);
  const list = [{ topic, partition: 0, offset: 0 }];
  rd_kafka_mock_start_request_tracking(env.mock);
  expect(k.rd_kafka_assign(c, list)).toBe(0);
  const ver = new MsgVer(id).expect(0, 0, 100);
  consumeMessages(c, ver, 10);
  expect(k.rd_kafka_pause_partitions(c, list)).toBe(0);
  silence(c, 1000);
  rd_kafka_mock_clear_requests(env.mock);
  silence(c, 300);
  // Nothing is fetched for a partition that is paused.
  expect(requestsOf(env.mock, RD_KAFKAP_Fetch)).toEqual([]);

  expect(k.rd_kafka_resume_partitions(c, list)).toBe(0);
  const got: k.rd_kafka_message_t[] = [];
  for (let i = 0; i < 90; i++) {
    const message = k.rd_kafka_consumer_poll(c, 0);
    if (message !== null) got.push(message);
  }

  expect(got.length).toBe(90);
  for (const message of got) ver.add(message);
  ver.verify('all');
  // The one that the resume begins is for what comes behind them.
  expect(requestsOf(env.mock, RD_KAFKAP_Fetch).length).toBeLessThanOrEqual(1);
}

/** What is set aside for one partition, as much as may be fetched ahead at all, does not hold up another. */
export async function pausedStarvesNobody(t: TestContext, env: Env): Promise<void> {
  const config = { 'queued.min.messages': 500, 'queued.max.messages.kbytes': 1024, 'fetch.message.max.bytes': 100_000 };
  const { topic, id, p, c } = await one(t, env, 0, 2, config);
  produceMessages(p, topic, 0, 0, 3000, { id, size: 1000 });
  expect(
    k.rd_kafka_assign(
      c,
      [0, 1].map((partition) => ({ topic, partition, offset: 0 })),
    ),
  ).toBe(0);
  const queue = k.rd_kafka_queue_get_consumer(c)!;
  await until(() => k.rd_kafka_queue_length(queue) >= 500, { what: () => `${k.rd_kafka_queue_length(queue)} waiting` });

  expect(k.rd_kafka_pause_partitions(c, [{ topic, partition: 0 }])).toBe(0);
  produceMessages(p, topic, 1, 0, 5000, { id, size: 100 });
  const ver = new MsgVer(id).expect(1, 0, 5000);
  consumeMessages(c, ver, 5000);
  ver.verify('the other');
  expect(k.rd_kafka_resume_partitions(c, [{ topic, partition: 0 }])).toBe(0);
  const rest = new MsgVer(id).expect(0, 0, 3000);
  consumeMessages(c, rest, 3000);

  rest.verify('the paused one');
}

/** Calls of the app's that come before main has said a word of the partition. */
export async function beforeMainSpeaks(t: TestContext, env: Env): Promise<void> {
  const { topic, id, c } = await one(t, env, 100);
  const list = [{ topic, partition: 0, offset: 0 }];
  // A second assign waits for the commit of what the first has stored.
  expect(k.rd_kafka_assign(c, list)).toBe(0);
  consumeMessages(c, new MsgVer(id), 5);

  expect(k.rd_kafka_assign(c, list)).toBe(0);
  expect(k.rd_kafka_seek_partitions(c, [{ topic, partition: 0, offset: 90 }], 0)).toBe(null);
  expect(k.rd_kafka_pause_partitions(c, list)).toBe(0);
  silence(c, 1000);
  expect(k.rd_kafka_resume_partitions(c, list)).toBe(0);
  const ver = new MsgVer(id).expect(0, 90, 10);
  consumeMessages(c, ver, 10);
  silence(c, 100);

  ver.verify('from 90');
}

/** A seek before anything has come, waited for, and within what has come. */
export async function seeksEarlyAndNear(t: TestContext, env: Env): Promise<void> {
  const { topic, id, c } = await one(t, env, 100);
  expect(k.rd_kafka_assign(c, [{ topic, partition: 0, offset: 0 }])).toBe(0);
  expect(k.rd_kafka_seek_partitions(c, [{ topic, partition: 0, offset: 50 }], 15_000)).toBe(null);
  const first = new MsgVer(id).expect(0, 50, 5);
  consumeMessages(c, first, 5);
  first.verify('from 50');

  // Both have been fetched.
  for (const offset of [60, 40]) {
    expect(k.rd_kafka_seek_partitions(c, [{ topic, partition: 0, offset }], 0)).toBe(null);
    const ver = new MsgVer(id).expect(0, offset, 5);
    consumeMessages(c, ver, 5);
    ver.verify(`from ${offset}`);
  }
  const closed = { topic, partition: 0, offset: 0, err: 0 };
  expect(k.rd_kafka_consumer_close(c)).toBe(0);
  expect(k.rd_kafka_seek_partitions(c, [closed], -1)).toBe(null);
  expect(k.rd_kafka_err2name(closed.err)).toBe('_UNKNOWN_PARTITION');
}

/** An aborted batch leaves everything where it was. */
export async function abortedBatch(t: TestContext, env: Env): Promise<void> {
  const { topic, id, c } = await one(t, env, 20);
  expect(k.rd_kafka_assign(c, [{ topic, partition: 0, offset: 0 }])).toBe(0);
  const queue = k.rd_kafka_queue_get_consumer(c)!;
  const abort = new AbortController();
  const batch = k.rd_kafka_consume_batch_queue_async(queue, -1, 30, { signal: abort.signal });
  await until(() => k.rd_kafka_queue_length(queue) === 20);

  abort.abort('enough');
  await expect(batch).rejects.toBe('enough');
  const ver = new MsgVer(id).expect(0, 0, 20);
  consumeMessages(c, ver, 20);

  ver.verify('all');
}

/** With the consumer's queue forwarded to the main one poll serves all of it, and what is stale goes from there too. */
export async function forwardedToMain(t: TestContext, env: Env): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  const p = aProducer(t, { 'bootstrap.servers': env.bootstrap });
  const id = newTestId();
  queueMessages(p, topic, 0, 0, 50, { id });
  expect(k.rd_kafka_flush(p.rk, 45_000)).toBe(0);
  const conf = aConf(t, { 'bootstrap.servers': env.bootstrap, 'group.id': topic, 'auto.offset.reset': 'earliest' });
  const ver = new MsgVer(id).expect(0, 40, 10);
  const rebalances: number[] = [];
  k.rd_kafka_conf_set_consume_cb(conf, (message) => void ver.add(message));
  k.rd_kafka_conf_set_rebalance_cb(conf, (rk, err, partitions) => {
    rebalances.push(err);
    k.rd_kafka_assign(rk, err === k.RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? partitions : null);
    // The rest waits until it has been sought.
    k.rd_kafka_yield(rk);
  });
  const rk = aHandle(t, k.RD_KAFKA_CONSUMER, conf);
  const [own, main] = [k.rd_kafka_queue_get_consumer(rk)!, k.rd_kafka_queue_get_main(rk)];
  k.rd_kafka_queue_forward(own, main);
  expect(k.rd_kafka_subscribe(rk, [topic])).toBe(0);
  pollUntil(
    'the rebalance',
    () => void k.rd_kafka_poll(rk, 100),
    () => rebalances.length > 0,
  );
  await until(() => k.rd_kafka_queue_length(main) === 50, {
    what: () => `${k.rd_kafka_queue_length(main)} in the queue`,
  });

  expect(k.rd_kafka_seek_partitions(rk, [{ topic, partition: 0, offset: 40 }], 15_000)).toBe(null);
  pollUntil(
    'ten messages',
    () => void k.rd_kafka_poll(rk, 100),
    () => ver.count >= 10,
  );

  ver.verify('from 40');
}

const MANY = 10_000;

/** All of them in one call each, with something fetched of each. */
export async function tenThousand(t: TestContext, env: MockEnv): Promise<void> {
  const topic = await freshTopic(env.bootstrap, MANY);
  const p = aProducer(t, { 'bootstrap.servers': env.bootstrap, 'linger.ms': 100 });
  for (let partition = 0; partition < MANY; partition++)
    for (let i = 0; i < 2; i++) k.rd_kafka_producev(p.rk, { topic, partition, value: `${i}` });
  expect(k.rd_kafka_flush(p.rk, 90_000)).toBe(0);
  const c = aConsumer(t, { 'bootstrap.servers': env.bootstrap });
  const list = Array.from({ length: MANY }, (_, partition) => ({ topic, partition, offset: 0, err: -1 }));
  const fine = (): void => expect(list.filter(({ err }) => err !== 0)).toEqual([]);
  expect(k.rd_kafka_assign(c, list)).toBe(0);
  const queue = k.rd_kafka_queue_get_consumer(c)!;
  const what = { deadline_ms: 90_000, what: () => `${k.rd_kafka_queue_length(queue)} in the queue` };
  await until(() => k.rd_kafka_queue_length(queue) === 2 * MANY, what);

  expect(k.rd_kafka_pause_partitions(c, list)).toBe(0);
  fine();
  expect(k.rd_kafka_queue_length(queue)).toBe(0);
  expect(k.rd_kafka_resume_partitions(c, list)).toBe(0);
  fine();
  expect(k.rd_kafka_queue_length(queue)).toBe(2 * MANY);
  for (const each of list) each.offset = 1;
  expect(k.rd_kafka_seek_partitions(c, list, 45_000)).toBe(null);
  fine();

  const seen = new Set<number>();
  pollUntil(
    'the second message of each',
    () => {
      const message = k.rd_kafka_consumer_poll(c, 200);
      if (message === null) return;
      expect([message.err, message.offset, seen.has(message.partition)]).toEqual([0, 1, false]);
      seen.add(message.partition);
    },
    () => seen.size === MANY,
    90_000,
  );
}
