// 0030: automatic and manual commits of automatically and manually stored offsets: what is committed, and where the next
// consumer goes on. A commit of nothing, and one for partitions that are not there.
import { expect, type TestContext } from 'vitest';
import {
  out,
  RD_KAFKA_RESP_ERR__NO_OFFSET,
  rd_kafka_assign,
  rd_kafka_assignment,
  rd_kafka_commit_message,
  rd_kafka_commit_queue,
  rd_kafka_committed,
  rd_kafka_consumer_close,
  rd_kafka_consumer_poll,
  rd_kafka_destroy,
  rd_kafka_err2name,
  type rd_kafka_message_t,
  rd_kafka_offset_store,
  rd_kafka_pause_partitions,
  rd_kafka_poll_set_consumer,
  rd_kafka_position,
  rd_kafka_subscribe,
  type rd_kafka_t,
  type rd_kafka_topic_partition_list_t,
} from '../../../src/rdkafka.ts';
import { aConsumer, aProducer, type Config } from '../builders.ts';
import { consumeMessages, consumeNothing, pollUntil } from '../consuming.ts';
import { MsgVer } from '../msgver.ts';
import { produceMessages } from '../reports.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const COUNT = 100;
const HALF = COUNT / 2;
/** Consumed beyond what is stored or committed by hand. */
const EXTRA = 5;

export interface CommitCase {
  readonly name: string;
  readonly autoCommit: boolean;
  readonly autoStore: boolean;
  readonly async: boolean;
  readonly subscribe: boolean;
}

const one = (name: string, autoCommit: boolean, autoStore: boolean, async: boolean, subscribe = true): CommitCase => ({
  name,
  autoCommit,
  autoStore,
  async,
  subscribe,
});

export const COMMIT_CASES: readonly CommitCase[] = [
  one('automatic commit, automatic store', true, true, false),
  one('asynchronous commit, automatic store', false, true, true),
  one('automatic commit, automatic store, assigned by hand', true, true, false, false),
  one('automatic commit, store by hand', true, false, false),
  one('synchronous commit, automatic store', false, true, false),
  one('asynchronous commit, store by hand', false, false, true),
  one('synchronous commit, store by hand', false, false, false),
];

async function filled(t: TestContext, { bootstrap }: Env): Promise<{ topic: string; id: string }> {
  const topic = await freshTopic(bootstrap, 1);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });
  const id = produceMessages(p, topic, 0, 0, COUNT);
  rd_kafka_destroy(p.rk);
  return { topic, id };
}

interface Results {
  /** Of all commits, in order: offset, or the error. */
  readonly all: (number | string)[];
  readonly take: (rk: rd_kafka_t, err: number, offsets: rd_kafka_topic_partition_list_t) => void;
}

function results(): Results {
  const all: (number | string)[] = [];
  const take: Results['take'] = (_rk, err, offsets) => {
    if (err === RD_KAFKA_RESP_ERR__NO_OFFSET) return;
    if (err !== 0) all.push(rd_kafka_err2name(err));
    for (const each of offsets.elems) all.push(each.err === 0 ? each.offset : rd_kafka_err2name(each.err));
  };
  return { all, take };
}

function begin(rk: rd_kafka_t, topic: string, { subscribe }: CommitCase): void {
  expect(rd_kafka_poll_set_consumer(rk)).toBe(0);
  expect(subscribe ? rd_kafka_subscribe(rk, [topic]) : rd_kafka_assign(rk, [{ topic, partition: 0 }])).toBe(0);
}

/** What the app does with each of the first half of the messages. Gives the offset that is committed in the end. */
function handle(rk: rd_kafka_t, message: rd_kafka_message_t, { autoCommit, autoStore, async }: CommitCase): void {
  if (!autoStore) expect(rd_kafka_offset_store(message.rkt!, 0, message.offset)).toBe(0);
  if (!autoCommit) expect(rd_kafka_commit_message(rk, message, async)).toBe(0);
}

export async function commitsAsConfigured(t: TestContext, env: Env, each: CommitCase): Promise<void> {
  const { topic, id } = await filled(t, env);
  const { all, take } = results();
  const config: Config = {
    'bootstrap.servers': env.bootstrap,
    'group.id': crypto.randomUUID(),
    'enable.auto.commit': each.autoCommit,
    'enable.auto.offset.store': each.autoStore,
    'auto.commit.interval.ms': 500,
  };
  const first = aConsumer(t, config, { offset_commit_cb: take });
  begin(first, topic, each);
  const ver = new MsgVer(id);
  const step = (message: rd_kafka_message_t): void => {
    if (ver.count <= HALF) handle(first, message, each);
  };
  consumeMessages(first, ver, HALF + EXTRA, { each: step });
  // Without a step of the app's what was handed out counts.
  const expected = each.autoCommit && each.autoStore ? HALF + EXTRA : HALF;

  const parts = out<rd_kafka_topic_partition_list_t>();
  expect(rd_kafka_assignment(first, parts)).toBe(0);
  expect(rd_kafka_position(first, parts.value)).toBe(0);
  expect(parts.value.elems.map(({ offset }) => offset)).toEqual([HALF + EXTRA]);
  expect(rd_kafka_pause_partitions(first, parts.value)).toBe(0);
  if (!each.autoCommit && !each.async) {
    consumeNothing(first, 0);
    expect(all.at(-1)).toBe(expected);
  }
  pollUntil(
    `the commit of ${expected}`,
    () => consumeNothing(first, 100),
    () => all.at(-1) === expected,
  );
  expect(all).toEqual([...all].sort((a, b) => Number(a) - Number(b)));

  const list = [{ topic, partition: 0, offset: 0 }];
  expect(rd_kafka_err2name(rd_kafka_committed(first, list, 0))).toBe('_TIMED_OUT');
  expect(rd_kafka_committed(first, list, 15_000)).toBe(0);
  expect(list[0]!.offset).toBe(expected);
  expect(rd_kafka_consumer_close(first)).toBe(0);
  rd_kafka_destroy(first);

  const second = aConsumer(t, config);
  begin(second, topic, each);
  const rest = new MsgVer(id).expect(0, expected, COUNT - expected);
  consumeMessages(second, rest, COUNT - expected);
  rest.verify('what was not committed');
  expect(rd_kafka_consumer_close(second)).toBe(0);
}

/** The second of two commits has nothing new. */
export async function commitOfNothing(t: TestContext, env: Env): Promise<void> {
  const { topic, id } = await filled(t, env);
  const c = aConsumer(t, { 'bootstrap.servers': env.bootstrap, 'enable.auto.commit': false });
  expect(rd_kafka_subscribe(c, [topic])).toBe(0);
  consumeMessages(c, new MsgVer(id), COUNT);
  const told: [string, number[], unknown][] = [];
  const cb = (_rk: rd_kafka_t, err: number, offsets: rd_kafka_topic_partition_list_t, opaque: unknown): void => {
    told.push([rd_kafka_err2name(err), offsets.elems.map(({ offset }) => offset), opaque]);
  };

  const codes = [rd_kafka_commit_queue(c, null, null, cb, 'first'), rd_kafka_commit_queue(c, null, null, cb, 'second')];

  expect(codes.map(rd_kafka_err2name)).toEqual(['NO_ERROR', '_NO_OFFSET']);
  expect(told).toMatchObject([
    ['NO_ERROR', [COUNT], 'first'],
    ['_NO_OFFSET', [], 'second'],
  ]);
  expect(rd_kafka_consumer_poll(c, 0)).toBeNull();
  expect(rd_kafka_consumer_close(c)).toBe(0);
}

export function commitOfMissingPartitions(t: TestContext, { bootstrap }: Env): void {
  const topic = `missing-${crypto.randomUUID()}`;
  const c = aConsumer(t, { 'bootstrap.servers': bootstrap, 'session.timeout.ms': 60_000 });
  expect(rd_kafka_poll_set_consumer(c)).toBe(0);
  const told: string[][] = [];
  const offsets = [123, 456].map((offset, partition) => ({ topic, partition, offset }));

  const err = rd_kafka_commit_queue(
    c,
    offsets,
    null,
    (_rk, code, list) => void told.push([code, ...list.elems.map((each) => each.err)].map(rd_kafka_err2name)),
    null,
  );

  const unknown = 'UNKNOWN_TOPIC_OR_PART';
  expect(rd_kafka_err2name(err)).toBe(unknown);
  expect(told).toEqual([[unknown, unknown, unknown]]);
  expect(rd_kafka_consumer_close(c)).toBe(0);
}
