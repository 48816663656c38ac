// What a consumer gives to its application, on whatever cluster: records, offsets, commits. Run on the mock by
// test/mock/consumer, on a real Kafka by test/real/consumer.test.ts.
import { expect, type TestContext } from 'vitest';
import {
  out,
  RD_KAFKA_OFFSET_BEGINNING,
  RD_KAFKA_OFFSET_END,
  RD_KAFKA_OFFSET_INVALID,
  RD_KAFKA_OFFSET_STORED,
  RD_KAFKA_OFFSET_TAIL,
  RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET,
  RD_KAFKA_RESP_ERR__NO_OFFSET,
  RD_KAFKA_RESP_ERR__PARTITION_EOF,
  RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
  RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME,
  RD_KAFKA_V_HEADER,
  RD_KAFKA_V_KEY,
  RD_KAFKA_V_PARTITION,
  RD_KAFKA_V_TIMESTAMP,
  RD_KAFKA_V_TOPIC,
  RD_KAFKA_V_VALUE,
  rd_kafka_assign,
  rd_kafka_commit,
  rd_kafka_commit_message,
  rd_kafka_committed,
  rd_kafka_consumer_close,
  rd_kafka_consumer_poll,
  rd_kafka_destroy,
  rd_kafka_flush,
  type rd_kafka_message_t,
  rd_kafka_message_timestamp,
  rd_kafka_poll,
  rd_kafka_position,
  rd_kafka_producev,
  type rd_kafka_t,
  type rd_kafka_timestamp_type_t,
} from '../../../src/rdkafka.ts';
import { aConsumer, aProducer, type Config } from '../builders.ts';
import { consumeMessages, pollUntil } from '../consuming.ts';
import { Member } from '../member.ts';
import { MsgVer } from '../msgver.ts';
import { produceMessages } from '../reports.ts';
import type { Env } from './env.ts';

export interface TopicEnv extends Env {
  /** An empty topic of four partitions. */
  readonly topic: string;
  /** group.protocol; classic unless told. */
  readonly protocol?: 'consumer';
}

const servers = ({ bootstrap }: Env): Config => ({ 'bootstrap.servers': bootstrap });

/** `count` messages of partition 0; gives their test id. */
function fill(t: TestContext, env: TopicEnv, count: number, config: Config = {}, size = 0): string {
  const p = aProducer(t, { ...servers(env), ...config });
  const id = produceMessages(p, env.topic, 0, 0, count, { size });
  rd_kafka_destroy(p.rk);
  return id;
}

function next(rk: rd_kafka_t): rd_kafka_message_t {
  let message: rd_kafka_message_t | null = null;
  pollUntil(
    'a message',
    () => {
      message = rd_kafka_consumer_poll(rk, 200);
    },
    () => message !== null,
  );
  return message!;
}

/** The offset of the end of a partition, which has to be told before any message: it is known from then on. */
function endOf(rk: rd_kafka_t): number {
  const { err, offset } = next(rk);
  expect(err).toBe(RD_KAFKA_RESP_ERR__PARTITION_EOF);
  return offset;
}

function committedOf(rk: rd_kafka_t, topic: string, partition = 0): number {
  const list = [{ topic, partition, offset: 0 }];
  expect(rd_kafka_committed(rk, list, 15_000)).toBe(0);
  return list[0]!.offset;
}

function positionOf(rk: rd_kafka_t, topic: string, partition = 0): { offset: number; err: number } {
  const list = [{ topic, partition, offset: 0, err: 0 }];
  expect(rd_kafka_position(rk, list)).toBe(0);
  return { offset: list[0]!.offset, err: list[0]!.err };
}

/** Keys, values, headers and timestamps come back byte by byte; null and empty stay apart. */
export function recordsAsSent(t: TestContext, env: TopicEnv): void {
  const { topic } = env;
  const { rk } = aProducer(t, servers(env));
  const stamp = 1_700_000_000_123;
  const binary = Buffer.from([0, 255, 128, 1]);
  const at = [RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(0), RD_KAFKA_V_TIMESTAMP(stamp)] as const;
  rd_kafka_producev(rk, ...at, RD_KAFKA_V_KEY(binary), RD_KAFKA_V_VALUE('value'));
  rd_kafka_producev(rk, ...at, RD_KAFKA_V_KEY(null), RD_KAFKA_V_VALUE(''));
  rd_kafka_producev(rk, ...at, RD_KAFKA_V_KEY(''), RD_KAFKA_V_VALUE(null));
  const headers = [RD_KAFKA_V_HEADER('a', '1'), RD_KAFKA_V_HEADER('a', null), RD_KAFKA_V_HEADER('', binary)];
  rd_kafka_producev(rk, ...at, RD_KAFKA_V_VALUE('with headers'), ...headers);
  expect(rd_kafka_flush(rk, 15_000)).toBe(0);

  const c = aConsumer(t, servers(env));
  rd_kafka_assign(c, [{ topic, partition: 0, offset: 0 }]);
  const got = [next(c), next(c), next(c), next(c)];

  expect(got.map(({ key }) => key)).toEqual([binary, null, Buffer.alloc(0), null]);
  expect(got.map(({ payload }) => payload && String(payload))).toEqual(['value', '', null, 'with headers']);
  expect(got.map(({ offset }) => offset)).toEqual([0, 1, 2, 3]);
  const type = out<number>();
  expect(got.map((message) => rd_kafka_message_timestamp(message, type as never))).toEqual([
    stamp,
    stamp,
    stamp,
    stamp,
  ]);
  expect(got[3]!.headers.map(([name, value]) => [name, value && String(value.toString('latin1'))])).toEqual([
    ['a', '1'],
    ['a', null],
    ['', binary.toString('latin1')],
  ]);
  expect(got[0]!.headers).toEqual([]);
}

/** A topic with message.timestamp.type=LogAppendTime: the broker's time for all, of the type that says so. */
export function logAppendTimes(t: TestContext, env: TopicEnv): void {
  const { topic } = env;
  const before = Date.now();
  const { rk } = aProducer(t, servers(env));
  const at = [RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(0), RD_KAFKA_V_TIMESTAMP(before - 1e6)] as const;
  rd_kafka_producev(rk, ...at, RD_KAFKA_V_VALUE('value'));
  expect(rd_kafka_flush(rk, 15_000)).toBe(0);

  const c = aConsumer(t, servers(env));
  rd_kafka_assign(c, [{ topic, partition: 0, offset: 0 }]);

  const type = out<rd_kafka_timestamp_type_t>();
  expect(rd_kafka_message_timestamp(next(c), type)).toBeGreaterThanOrEqual(before);
  expect(type.value).toBe(RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME);
}

/** Sizes from nothing to 1 MB, plain and gzip, keep order and content. */
export function recordsOfAllSizes(t: TestContext, env: TopicEnv): void {
  const { topic } = env;
  const sizes = [0, 1, 15, 16, 17, 1000, 16_384, 16_385, 65_536, 300_000, 999_000];
  for (const codec of ['none', 'gzip']) {
    const { rk } = aProducer(t, { ...servers(env), 'compression.codec': codec });
    for (const size of sizes) {
      const value = Buffer.alloc(size, `${codec} ${size} `);
      rd_kafka_producev(rk, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(0), RD_KAFKA_V_VALUE(value));
    }
    expect(rd_kafka_flush(rk, 15_000)).toBe(0);
  }

  const c = aConsumer(t, servers(env));
  rd_kafka_assign(c, [{ topic, partition: 0, offset: 0 }]);

  for (const codec of ['none', 'gzip']) {
    for (const size of sizes) expect(next(c).payload!.equals(Buffer.alloc(size, `${codec} ${size} `))).toBe(true);
  }
}

/** A fetch limit below the size of a message slows down, it does not stop. */
export function largerThanTheFetchLimit(t: TestContext, env: TopicEnv): void {
  const id = fill(t, env, 20, { 'batch.num.messages': 1 }, 5000);
  const limits = { 'max.partition.fetch.bytes': 100, 'fetch.max.bytes': 1000, 'message.max.bytes': 1000 };
  const c = aConsumer(t, { ...servers(env), ...limits });
  const ver = new MsgVer(id).expect(0, 0, 20);

  rd_kafka_assign(c, [{ topic: env.topic, partition: 0, offset: 0 }]);
  consumeMessages(c, ver, 20);

  ver.verify('messages above the limits');
}

/** assign by hand: a number, BEGINNING, END, TAIL, STORED. */
export function assignedOffsets(t: TestContext, env: TopicEnv): void {
  const { topic } = env;
  const p = aProducer(t, servers(env));
  const id = produceMessages(p, topic, 0, 0, 10);
  const c = aConsumer(t, servers(env));
  const first = (offset: number): number => {
    expect(rd_kafka_assign(c, [{ topic, partition: 0, offset }])).toBe(0);
    return next(c).offset;
  };

  expect(first(4)).toBe(4);
  expect(first(RD_KAFKA_OFFSET_BEGINNING)).toBe(0);
  expect(first(RD_KAFKA_OFFSET_TAIL(3))).toBe(7);
  expect(first(RD_KAFKA_OFFSET_TAIL(100))).toBe(0);
  expect(rd_kafka_commit(c, [{ topic, partition: 0, offset: 6 }], false)).toBe(0);
  expect(first(RD_KAFKA_OFFSET_STORED)).toBe(6);
  expect(first(RD_KAFKA_OFFSET_INVALID)).toBe(7);
  const atEnd = aConsumer(t, { ...servers(env), 'enable.partition.eof': true });
  expect(rd_kafka_assign(atEnd, [{ topic, partition: 0, offset: RD_KAFKA_OFFSET_END }])).toBe(0);
  expect(endOf(atEnd)).toBe(10);
  produceMessages(p, topic, 0, 10, 1, { id });
  expect(next(atEnd).offset).toBe(10);
}

/** Nothing of what was assigned before comes after assign, however much of it lies in the queue. */
export function assignIsACut(t: TestContext, env: TopicEnv): void {
  const { topic } = env;
  const p = aProducer(t, servers(env));
  for (const partition of [0, 1]) produceMessages(p, topic, partition, 0, 500);
  const c = aConsumer(t, servers(env));
  for (let round = 0; round < 20; round++) {
    const partition = round % 2;
    // The one before is overtaken before anything of it is known here.
    if (round % 3 === 0) rd_kafka_assign(c, [{ topic, partition: 1 - partition, offset: 3 }]);
    rd_kafka_assign(c, [{ topic, partition, offset: round }]);
    const got = [next(c), next(c), next(c)];
    expect(got.map((message) => message.partition)).toEqual([partition, partition, partition]);
    expect(got.map((message) => message.offset)).toEqual([round, round + 1, round + 2]);
  }
}

/** position: INVALID before the first message, then behind the last one; unknown where nothing is assigned. */
export function positions(t: TestContext, env: TopicEnv): void {
  fill(t, env, 5);
  const c = aConsumer(t, servers(env));
  rd_kafka_assign(c, [{ topic: env.topic, partition: 0, offset: 2 }]);

  expect(positionOf(c, env.topic)).toEqual({ offset: RD_KAFKA_OFFSET_INVALID, err: 0 });
  next(c);
  expect(positionOf(c, env.topic)).toEqual({ offset: 3, err: 0 });
  expect(positionOf(c, env.topic, 1).err).toBe(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
}

/** auto.offset.reset earliest, latest and error, without a committed offset and for one that is out of range. */
export function offsetResets(t: TestContext, env: TopicEnv): void {
  const { topic } = env;
  const p = aProducer(t, servers(env));
  const id = produceMessages(p, topic, 0, 0, 5);
  for (const offset of [RD_KAFKA_OFFSET_STORED, 77]) {
    const consumer = (reset: string): rd_kafka_t => {
      const c = aConsumer(t, { ...servers(env), 'auto.offset.reset': reset, 'enable.partition.eof': true });
      rd_kafka_assign(c, [{ topic, partition: 0, offset }]);
      return c;
    };
    expect(next(consumer('earliest')).offset).toBe(0);
    const failed = next(consumer('error'));
    expect(failed.err).toBe(RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET);
    expect([failed.topic, failed.partition]).toEqual([topic, 0]);
    expect(String(failed.payload)).toContain(topic);
    const c = consumer('latest');
    const seq = offset === 77 ? 6 : 5;
    expect(endOf(c)).toBe(seq);
    produceMessages(p, topic, 0, seq, 1, { id });
    expect(next(c).offset).toBe(seq);
  }
}

/** The end of a partition is told once for each position that is one, and not without enable.partition.eof. */
export function endOfPartition(t: TestContext, env: TopicEnv): void {
  const { topic } = env;
  const p = aProducer(t, servers(env));
  const id = produceMessages(p, topic, 0, 0, 3);
  const c = aConsumer(t, { ...servers(env), 'enable.partition.eof': true, 'fetch.wait.max.ms': 20 });
  rd_kafka_assign(c, [{ topic, partition: 0, offset: 0 }]);

  const ends = (): [number, number][] => {
    const got = next(c);
    return got.err === 0 ? ends() : [[got.err, got.offset]];
  };
  expect(ends()).toEqual([[RD_KAFKA_RESP_ERR__PARTITION_EOF, 3]]);
  expect(rd_kafka_consumer_poll(c, 500)).toBeNull();
  // One at a time: two may come in two answers, with an end behind each.
  for (const seq of [3, 4]) {
    produceMessages(p, topic, 0, seq, 1, { id });
    expect(ends()).toEqual([[RD_KAFKA_RESP_ERR__PARTITION_EOF, seq + 1]]);
  }
  expect(rd_kafka_consumer_poll(c, 300)).toBeNull();
}

/** commit by list, by message, of what was handed out; sync and async with offset_commit_cb; committed. */
export function commits(t: TestContext, env: TopicEnv): void {
  const { topic } = env;
  fill(t, env, 10);
  const results: [number, number][] = [];
  const c = aConsumer(
    t,
    { ...servers(env), 'enable.auto.commit': false },
    { offset_commit_cb: (_rk, err, offsets) => void results.push([err, offsets.elems[0]?.offset ?? -1]) },
  );
  rd_kafka_assign(c, [{ topic, partition: 0, offset: 0 }]);
  expect(rd_kafka_commit(c, null, false)).toBe(RD_KAFKA_RESP_ERR__NO_OFFSET);
  expect(committedOf(c, topic)).toBe(RD_KAFKA_OFFSET_INVALID);
  const second = [next(c), next(c)][1]!;
  const served = (count: number): void =>
    pollUntil(
      `${count} results`,
      () => rd_kafka_poll(c, 100),
      () => results.length >= count,
    );

  expect(rd_kafka_commit(c, null, false)).toBe(0);
  expect(committedOf(c, topic)).toBe(2);
  next(c);
  expect(rd_kafka_commit_message(c, second, false)).toBe(0);
  expect(committedOf(c, topic)).toBe(2);
  expect(rd_kafka_commit(c, [{ topic, partition: 0, offset: 7 }], true)).toBe(0);
  served(4);
  expect(committedOf(c, topic)).toBe(7);
  // What was handed out lies behind what is committed: nothing to do.
  expect(rd_kafka_commit(c, null, true)).toBe(0);
  served(5);
  const none = RD_KAFKA_RESP_ERR__NO_OFFSET;
  expect(results.map(([err]) => err)).toEqual([none, 0, 0, 0, none]);
  expect(results.slice(1, 4).map(([, offset]) => offset)).toEqual([2, 2, 7]);
}

/** enable.auto.commit: by the timer, and when the consumer closes; the next one of the group goes on there. */
export function automaticCommit(t: TestContext, env: TopicEnv): void {
  const { topic } = env;
  fill(t, env, 10);
  const group = { ...servers(env), 'group.id': `auto-${topic}`, 'auto.commit.interval.ms': 100 };
  const timeouts: string[] = [];
  const log = (_level: number, fac: string, text: string): void => {
    if (fac === 'REQTMOUT') timeouts.push(text);
  };
  const first = new Member(t, group, { log }).subscribe(topic);
  const asker = aConsumer(t, group);
  pollUntil(
    'four messages',
    () => first.poll(200),
    () => first.got.length === 4,
  );

  pollUntil(
    'the timer',
    () => {},
    () => committedOf(asker, topic) === 4,
  );
  pollUntil(
    'one more',
    () => first.poll(200),
    () => first.got.length === 5,
  );
  expect(rd_kafka_consumer_close(first.rk)).toBe(0);
  expect(committedOf(asker, topic)).toBe(5);

  const second = new Member(t, group).subscribe(topic);
  pollUntil(
    'the rest',
    () => second.poll(200),
    () => second.got.length === 5,
  );
  expect(second.got.map(({ offset }) => offset)).toEqual([5, 6, 7, 8, 9]);
  expect(timeouts).toEqual([]);
}
