// 0018: members that close, by consumer_close and by a queue, give their partitions to the others at once; without a
// coordinator they end all the same.
import { expect, type TestContext } from 'vitest';
import * as k from '../../../src/rdkafka.ts';
import { rd_kafka_mock_broker_set_down, rd_kafka_mock_coordinator_set } from '../../../src/rdkafka_mock.ts';
import { aProducer } from '../builders.ts';
import { pollUntil } from '../consuming.ts';
import { aMember, type Member } from '../member.ts';
import { MsgVer, newTestId } from '../msgver.ts';
import { produceMessages } from '../reports.ts';
import { freshTopic } from '../topics.ts';
import type { Env, MockEnv } from './env.ts';

const COUNT = 200;

/** Whoever polls the queue until the consumer is closed. Messages may come until the revoke: they count as handed out. */
function closeByQueue({ rk, got }: Member): void {
  const queue = k.rd_kafka_queue_get_consumer(rk)!;
  expect(k.rd_kafka_consumer_close_queue(rk, queue)).toBe(null);
  // It is woken by the end, however long it would wait.
  while (k.rd_kafka_consumer_closed(rk) === 0) {
    const message = k.rd_kafka_consume_queue(queue, 60_000);
    if (message?.err === 0) got.push(message);
  }
  k.rd_kafka_queue_destroy(queue);
}

export async function oneThenTheOther(t: TestContext, env: Env, byQueue: boolean): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 2);
  const p = aProducer(t, { 'bootstrap.servers': env.bootstrap });
  const id = newTestId();
  for (const partition of [0, 1]) produceMessages(p, topic, partition, 0, COUNT, { id });
  const config = { 'bootstrap.servers': env.bootstrap, 'group.id': topic, 'heartbeat.interval.ms': 500 };
  const members = [aMember(t, config), aMember(t, config)] as const;
  for (const { rk } of members) expect(k.rd_kafka_poll_set_consumer(rk)).toBe(0);
  const poll = (): void => {
    for (const member of members) if (k.rd_kafka_consumer_closed(member.rk) === 0) member.poll();
  };
  const end = (member: Member): void => {
    if (byQueue) closeByQueue(member);
    else expect(k.rd_kafka_consumer_close(member.rk)).toBe(0);
  };

  for (const member of members) member.subscribe(topic);
  pollUntil('both have a partition', poll, () => members.every(({ assigned }) => assigned.length === 1));
  end(members[0]);
  expect(members[0].rebalances.at(-1)).toMatch(/^-/);
  pollUntil('the other has both', poll, () => members[1].assigned.length === 2);
  const got = (): number => members[0].got.length + members[1].got.length;
  pollUntil('all messages', poll, () => got() >= 2 * COUNT);
  expect(k.rd_kafka_unsubscribe(members[1].rk)).toBe(0);
  end(members[1]);

  expect(members[1].rebalances.at(-1)).toMatch(/^-/);
  expect(
    k.rd_kafka_error_code(k.rd_kafka_consumer_close_queue(members[1].rk, k.rd_kafka_queue_new(members[1].rk))),
  ).toBe(k.RD_KAFKA_RESP_ERR__DESTROY);
  // What the first had consumed and not committed when the group began to rebalance may come again.
  const ver = new MsgVer(id).expect(0, 0, COUNT).expect(1, 0, COUNT);
  for (const { got } of members) for (const message of got) ver.add(message);
  ver.verify('both together', { duplicates: true });
}

/** A coordinator that goes away before the consumer does. */
export async function withoutCoordinator(t: TestContext, env: MockEnv): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  const config = { 'bootstrap.servers': env.bootstrap, 'group.id': topic, 'session.timeout.ms': 6000 };
  expect(rd_kafka_mock_coordinator_set(env.mock, 'group', topic, 1)).toBe(0);
  const member = aMember(t, config).subscribe(topic);
  pollUntil(
    'an assignment',
    () => void member.poll(),
    () => member.assigned.length === 1,
  );

  expect(rd_kafka_mock_broker_set_down(env.mock, 1)).toBe(0);
  k.rd_kafka_destroy(member.rk);

  expect(member.rebalances).toEqual(['+1', '-1']);
}
