// 0089: who does not poll for max.poll.interval.ms leaves the group and is told so; any poll of a queue that its messages
// go to brings it back.
import { expect, type TestContext } from 'vitest';
import * as k from '../../../src/rdkafka.ts';
import { aConf, aHandle, aProducer } from '../builders.ts';
import { pollUntil } from '../consuming.ts';
import { aMember, pollAll } from '../member.ts';
import { produceMessages } from '../reports.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

export interface PollEnv extends Env {
  /** The shortest that the cluster's groups take. */
  readonly session_ms: number;
}

const config = ({ bootstrap, session_ms }: PollEnv, topic: string) => ({
  'bootstrap.servers': bootstrap,
  'group.id': topic,
  'session.timeout.ms': session_ms,
  'heartbeat.interval.ms': Math.floor(session_ms / 6),
  'max.poll.interval.ms': session_ms,
});

/** Of two members the one that works too long loses its partition to the other. */
export async function slowMemberLeaves(t: TestContext, env: PollEnv): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  const members = [
    aMember(t, config(env, topic)).subscribe(topic),
    aMember(t, config(env, topic)).subscribe(topic),
  ] as const;
  // Both in one generation: a rebalance that the slow one keeps waiting would end it earlier, and by other means.
  const together = (): boolean =>
    members.every(({ rebalances }) => rebalances.at(-1)?.startsWith('+')) &&
    members[0].assigned.length + members[1].assigned.length === 1;
  pollAll(members, 'one has the partition, the other nothing', together);
  produceMessages(aProducer(t, { 'bootstrap.servers': env.bootstrap }), topic, 0, 0, 10);
  const busy = (): boolean => members.some(({ got }) => got.length > 0);
  while (!busy()) for (const member of members) if (!busy()) member.poll();
  const slow = members.find(({ got }) => got.length > 0)!;
  const other = members.find((member) => member !== slow)!;
  const before = slow.got.length;

  pollAll([other], 'the partition changes hands', () => other.got.length > 0);
  pollUntil(
    'the slow one is told',
    () => {
      slow.poll();
      other.poll();
    },
    () => slow.errors.length > 0,
  );

  expect([slow.errors, slow.got.length]).toEqual([['_MAX_POLL_EXCEEDED'], before]);
}

/** `via`: the consumer's queue, one that it goes to, or one that goes to it. */
export async function rejoinsByPolling(
  t: TestContext,
  env: PollEnv,
  via: 'its own' | 'one that it goes to' | 'one that goes to it',
): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  const lines: string[] = [];
  const conf = aConf(t, config(env, topic), { log: (_level, fac) => void lines.push(fac) });
  k.rd_kafka_conf_set_events(conf, k.RD_KAFKA_EVENT_REBALANCE);
  const rk = aHandle(t, k.RD_KAFKA_CONSUMER, conf);
  const own = k.rd_kafka_queue_get_consumer(rk)!;
  const polled = via === 'its own' ? own : k.rd_kafka_queue_new(rk);
  if (via === 'one that it goes to') k.rd_kafka_queue_forward(own, polled);
  if (via === 'one that goes to it') k.rd_kafka_queue_forward(polled, own);
  expect(k.rd_kafka_subscribe(rk, [topic])).toBe(0);
  const next = (): number => {
    let err = 0;
    const take = (): void => {
      const event = k.rd_kafka_queue_poll(polled, 200);
      if (event === null || k.rd_kafka_event_type(event) !== k.RD_KAFKA_EVENT_REBALANCE) return;
      err = k.rd_kafka_event_error(event);
      const list = k.rd_kafka_event_topic_partition_list(event);
      k.rd_kafka_assign(rk, err === k.RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? list : null);
      k.rd_kafka_event_destroy(event);
    };
    pollUntil('a rebalance', take, () => err !== 0);
    return err;
  };

  const first = next();
  // Serves log lines, and is no poll of the consumer's.
  pollUntil(
    'max.poll.interval.ms to be over',
    () => void k.rd_kafka_poll(rk, 50),
    () => lines.includes('MAXPOLL'),
  );

  expect([first, next(), next()]).toEqual([
    k.RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS,
    k.RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS,
    k.RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS,
  ]);
}

/** poll() with consume_cb, after poll_set_consumer, is a poll of the consumer's. */
export async function pollWithConsumeCallback(t: TestContext, env: PollEnv): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  produceMessages(aProducer(t, { 'bootstrap.servers': env.bootstrap }), topic, 0, 0, 100);
  const lines: string[] = [];
  const conf = aConf(
    t,
    { ...config(env, topic), 'auto.offset.reset': 'earliest' },
    { log: (_level, fac) => void lines.push(fac) },
  );
  let messages = 0;
  k.rd_kafka_conf_set_consume_cb(conf, () => {
    messages++;
  });
  const rk = aHandle(t, k.RD_KAFKA_CONSUMER, conf);
  expect(k.rd_kafka_poll_set_consumer(rk)).toBe(0);
  expect(k.rd_kafka_subscribe(rk, [topic])).toBe(0);

  pollUntil(
    'all messages',
    () => void k.rd_kafka_poll(rk, 100),
    () => messages === 100,
  );
  const end = performance.now() + 2 * env.session_ms;
  while (performance.now() < end) k.rd_kafka_poll(rk, 20);

  expect(lines.filter((fac) => fac === 'MAXPOLL')).toEqual([]);
}
