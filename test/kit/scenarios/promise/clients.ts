// consumer_new: what is subscribed to at once, by names, patterns and regular expressions.
import { randomUUID } from 'node:crypto';
import { expect, type TestContext } from 'vitest';
import { consumer_poll_async, type Properties, type rd_kafka_t } from '../../../../src/index.ts';
import { aNewConsumer, assignedTo, put } from '../../clients.ts';
import { createTopic } from '../../topics.ts';
import { until } from '../../until.ts';
import type { Env } from '../env.ts';

export type Protocol = 'range' | 'cooperative-sticky' | 'consumer';
export const PROTOCOLS: readonly Protocol[] = ['range', 'cooperative-sticky', 'consumer'];

/** A group of that kind; classic ones notice others soon. */
export function ofProtocol(protocol: Protocol): Properties {
  if (protocol === 'consumer') return { 'group.protocol': 'consumer' };
  return { 'partition.assignment.strategy': protocol, 'heartbeat.interval.ms': 200 };
}

/** Pulls, one message or none after the other, until `ready`; gives the values of what came. */
export async function pullUntil(rk: rd_kafka_t, ready: () => boolean, what: string): Promise<string[]> {
  const got: string[] = [];
  const done = async (): Promise<boolean> => {
    if (ready()) return true;
    const message = await consumer_poll_async(rk, 50);
    if (message?.err === 0) got.push(String(message.value));
    return ready();
  };
  await until(done, { deadline_ms: 60_000, what });
  return got;
}

export async function subscribed(t: TestContext, env: Env, protocol: Protocol): Promise<void> {
  const id = randomUUID();
  const [orders, euOrders, bills, other] = ['orders', 'eu.orders', 'bills', 'other'].map((name) => `${name}-${id}`);
  for (const topic of [orders!, euOrders!, bills!, other!]) await createTopic(env.bootstrap, topic, 1);
  for (const topic of [orders!, bills!]) await put(env.bootstrap, topic, [topic]);
  const expected: readonly (readonly [readonly (string | RegExp)[], readonly string[]])[] = [
    [
      [orders!, `^bills-${id}`],
      [bills!, orders!],
    ],
    // Anywhere in a name, as in JavaScript.
    [[new RegExp(`orders-${id}`)], [euOrders!, orders!]],
    [
      [new RegExp(`^orders-${id}$`), bills!],
      [bills!, orders!],
    ],
    [[new RegExp(`^(?:bills|[\\w.]+\\.orders)-${id}`)], [bills!, euOrders!]],
  ];

  for (const [topics, wanted] of expected) {
    const { rk } = aNewConsumer(t, { 'bootstrap.servers': env.bootstrap, ...ofProtocol(protocol), topics });
    const names = wanted.map((topic) => `${topic} [0]`).sort();
    const withValues = wanted.filter((topic) => topic !== euOrders);
    const got: string[] = [];
    got.push(...(await pullUntil(rk, () => `${assignedTo(rk)}` === `${names}`, `${topics} to give ${names}`)));
    while (got.length < withValues.length) {
      const message = await consumer_poll_async(rk, 30_000);
      expect(message?.err).toBe(0);
      got.push(String(message!.value));
    }
    expect(got.sort()).toEqual([...withValues].sort());
    rk[Symbol.dispose]();
  }
}
