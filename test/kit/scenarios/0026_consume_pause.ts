// 0026: pausing and resuming, in a group and with a seek or a new assignment in between, loses and repeats nothing.
import { expect, type TestContext } from 'vitest';
import * as k from '../../../src/rdkafka.ts';
import { aConsumer, aProducer } from '../builders.ts';
import { consumeMessages, pollUntil } from '../consuming.ts';
import { aMember } from '../member.ts';
import { MsgVer } from '../msgver.ts';
import { produceMessages } from '../reports.ts';
import { silence } from '../simple.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const COUNT = 1000;

async function produced(t: TestContext, { bootstrap }: Env, count = COUNT): Promise<{ topic: string; id: string }> {
  const topic = await freshTopic(bootstrap, 1);
  return { topic, id: produceMessages(aProducer(t, { 'bootstrap.servers': bootstrap }), topic, 0, 0, count) };
}

const only = (topic: string, offset: number = k.RD_KAFKA_OFFSET_INVALID) => [{ topic, partition: 0, offset, err: 0 }];

/** Five pauses in a member of a group; then another member begins where it ended. */
export async function pausesInGroup(t: TestContext, env: Env): Promise<void> {
  const { topic, id } = await produced(t, env);
  const config = { 'bootstrap.servers': env.bootstrap, 'group.id': topic, 'enable.partition.eof': true };
  const ver = new MsgVer(id).expect(0, 0, COUNT);
  const c = aConsumer(t, config);
  expect(k.rd_kafka_subscribe(c, [topic])).toBe(0);

  for (let i = 0; i < 5; i++) {
    consumeMessages(c, ver, COUNT / 5);
    const list = k.out<k.rd_kafka_topic_partition_list_t>();
    expect(k.rd_kafka_assignment(c, list)).toBe(0);
    expect(k.rd_kafka_pause_partitions(c, list.value)).toBe(0);
    expect(list.value.elems.map(({ err }) => err)).toEqual([0]);
    silence(c);
    expect(k.rd_kafka_resume_partitions(c, list.value)).toBe(0);
    expect(list.value.elems.map(({ err }) => err)).toEqual([0]);
  }
  silence(c);
  expect(k.rd_kafka_consumer_close(c)).toBe(0);
  ver.verify('all');

  const next = aMember(t, config).subscribe(topic);
  let end = -1;
  pollUntil(
    'the end',
    () => {
      const message = next.poll();
      if (message?.err === k.RD_KAFKA_RESP_ERR__PARTITION_EOF) end = message.offset;
    },
    () => end >= 0,
  );
  expect([end, next.got]).toEqual([COUNT, []]);
}

/** The committed offset counts after a new assignment, not where it was paused. */
export async function pausedAndAssignedAnew(t: TestContext, env: Env): Promise<void> {
  const { topic, id } = await produced(t, env, 4000);
  const c = aConsumer(t, { 'bootstrap.servers': env.bootstrap, 'enable.auto.commit': false });
  expect(k.rd_kafka_assign(c, only(topic, k.RD_KAFKA_OFFSET_BEGINNING))).toBe(0);
  const first = new MsgVer(id).expect(0, 0, 1000);
  consumeMessages(c, first, 1000);
  expect(k.rd_kafka_pause_partitions(c, only(topic))).toBe(0);
  silence(c);
  first.verify('first quarter');
  const position = only(topic);
  k.rd_kafka_position(c, position);
  expect(position[0]!.offset).toBe(1000);

  expect(k.rd_kafka_commit(c, only(topic, 2000), 0)).toBe(0);
  expect(k.rd_kafka_assign(c, null)).toBe(0);
  expect(k.rd_kafka_assign(c, only(topic))).toBe(0);
  expect(k.rd_kafka_resume_partitions(c, only(topic))).toBe(0);
  const second = new MsgVer(id).expect(0, 2000, 2000);
  consumeMessages(c, second, 2000);
  silence(c);

  second.verify('second half');
}

/** Paused and resumed in the callback that assigns it: the offset that was given there holds. */
export async function pausedInRebalance(t: TestContext, env: Env): Promise<void> {
  const { topic, id } = await produced(t, env, 1);
  const config = { 'bootstrap.servers': env.bootstrap, 'auto.offset.reset': 'latest', 'enable.partition.eof': true };
  const c = aConsumer(t, config, {
    rebalance_cb: (rk, err, partitions) => {
      if (err !== k.RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        k.rd_kafka_assign(rk, null);
        return;
      }
      partitions.elems[0]!.offset = k.RD_KAFKA_OFFSET_BEGINNING;
      k.rd_kafka_assign(rk, partitions);
      expect(k.rd_kafka_pause_partitions(rk, partitions)).toBe(0);
      expect(k.rd_kafka_resume_partitions(rk, partitions)).toBe(0);
    },
  });
  expect(k.rd_kafka_subscribe(c, [topic])).toBe(0);

  const ver = new MsgVer(id).expect(0, 0, 1);
  consumeMessages(c, ver, 1);
  ver.verify('the message');
}

/** A pause after a seek leaves the seek in force. */
export async function soughtAndPaused(t: TestContext, env: Env): Promise<void> {
  const { topic, id } = await produced(t, env);
  const c = aConsumer(t, { 'bootstrap.servers': env.bootstrap, 'enable.auto.commit': false });
  expect(k.rd_kafka_assign(c, only(topic))).toBe(0);
  const first = new MsgVer(id).expect(0, 0, 100);
  consumeMessages(c, first, 100);
  first.verify('first');

  expect(k.rd_kafka_seek_partitions(c, only(topic, 500), -1)).toBe(null);
  expect(k.rd_kafka_pause_partitions(c, only(topic))).toBe(0);
  silence(c);
  expect(k.rd_kafka_resume_partitions(c, only(topic))).toBe(0);
  const rest = new MsgVer(id).expect(0, 500, 500);
  consumeMessages(c, rest, 500);
  silence(c);

  rest.verify('from 500');
}
