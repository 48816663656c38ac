// 0091: an application that works for longer than a socket's timeout, but not for max.poll.interval.ms, keeps its
// partitions; one that assigns by itself may work as long as it likes.
import { expect, type TestContext } from 'vitest';
import * as k from '../../../src/rdkafka.ts';
import { aConsumer, aProducer } from '../builders.ts';
import { consumeMessages } from '../consuming.ts';
import { aMember, pollAll, settle } from '../member.ts';
import { MsgVer, newTestId } from '../msgver.ts';
import { produceMessages } from '../reports.ts';
import { freshTopic } from '../topics.ts';
import { busy } from './consumer_group.ts';
import type { Env } from './env.ts';

const quick = ({ bootstrap }: Env) => ({
  'bootstrap.servers': bootstrap,
  'socket.timeout.ms': 1000,
  'fetch.wait.max.ms': 100,
});

export async function worksBelowInterval(t: TestContext, env: Env): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 2);
  const config = { ...quick(env), 'group.id': topic, 'max.poll.interval.ms': 60_000, 'session.timeout.ms': 6000 };
  const members = [aMember(t, config).subscribe(topic), aMember(t, config).subscribe(topic)];
  settle(members, 2);
  const before = members.map(({ rebalances }) => rebalances.length);
  const p = aProducer(t, { 'bootstrap.servers': env.bootstrap });
  const id = newTestId();
  const ver = new MsgVer(id);
  for (const partition of [0, 1]) {
    produceMessages(p, topic, partition, 0, 3, { id });
    ver.expect(partition, 0, 3);
  }

  for (let i = 1; i <= 3; i++) {
    pollAll(members, 'a message each', () => members.every(({ got }) => got.length >= i));
    busy(2500);
  }

  for (const { got } of members) for (const message of got) ver.add(message);
  ver.verify('both');
  expect(members.map(({ errors, rebalances }) => [errors, rebalances.length])).toEqual(
    before.map((count) => [[], count]),
  );
}

export async function assignedMayTakeLong(t: TestContext, env: Env): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  const id = produceMessages(aProducer(t, { 'bootstrap.servers': env.bootstrap }), topic, 0, 0, 10);
  const c = aConsumer(t, { ...quick(env), 'max.poll.interval.ms': 1000, 'session.timeout.ms': 1000 });
  expect(k.rd_kafka_assign(c, [{ topic, partition: 0 }])).toBe(0);
  const ver = new MsgVer(id).expect(0, 0, 10);

  for (let i = 0; i < 2; i++) {
    consumeMessages(c, ver, 1);
    busy(2500);
  }
  consumeMessages(c, ver, 8);

  ver.verify('all');
}
