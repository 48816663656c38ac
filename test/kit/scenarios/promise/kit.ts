// What the scenarios of messages, batches and each share: consumers of consumer_new, records, committed offsets as somebody
// else sees them. @thread app
import { expect, type TestContext } from 'vitest';
import * as k from '../../../../src/index.ts';
import { aConsumer, aProducer, belongs, type Config, consumerProtocol } from '../../builders.ts';
import { until } from '../../until.ts';
import type { TopicEnv } from '../consumer.ts';

type ConsumerConf = Parameters<typeof k.consumer_new>[0];

/** Of consumer_new for the topic of `env`; ended after the test. Log lines go to `logs`. */
export function consume(t: TestContext, env: TopicEnv, conf: ConsumerConf = {}, logs: string[] = []): k.rd_kafka_t {
  const all: Config = { ...basicsOf(env), ...onlyProperties(conf) };
  const rk = k.consumer_new({
    ...(env.protocol === 'consumer' ? consumerProtocol(all) : all),
    topics: [env.topic],
    log_cb: (_level, fac, text) => void logs.push(`${fac} ${text}`),
    ...onlyHooks(conf),
  } as ConsumerConf);
  belongs(t, () => rk[Symbol.dispose]());
  return rk;
}

export function basicsOf(env: TopicEnv): Config {
  return {
    'bootstrap.servers': env.bootstrap,
    'group.id': groupOf(env),
    'auto.offset.reset': 'earliest',
    // Nobody is taken for dead because the machine is slow; tests about that set it.
    'session.timeout.ms': 30_000,
    'heartbeat.interval.ms': 200,
    'fetch.wait.max.ms': 50,
  };
}

export function groupOf(env: TopicEnv): string {
  return `g-${env.topic}`;
}

function onlyProperties(conf: ConsumerConf): Config {
  return Object.fromEntries(
    Object.entries(conf).filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value)),
  ) as Config;
}

function onlyHooks(conf: ConsumerConf): object {
  return Object.fromEntries(
    Object.entries(conf).filter(([, value]) => !['string', 'number', 'boolean'].includes(typeof value)),
  );
}

export interface Filling {
  /** Number of the first, 0. */
  readonly first?: number;
  readonly key?: (i: number) => string | null;
  readonly size?: number;
}

/** `count` records, in the partition, whose values begin with their numbers (`7.`), all delivered when it is done. */
export async function fill(
  t: TestContext,
  env: TopicEnv,
  partition: number,
  count: number,
  { first = 0, key = () => null, size = 0 }: Filling = {},
): Promise<void> {
  const { rk, reports } = aProducer(t, { 'bootstrap.servers': env.bootstrap, 'linger.ms': 1 });
  for (let i = first; i < first + count; i++) {
    const value = `${i}.`.padEnd(size, '.');
    const err = k.producev(rk, { topic: env.topic, partition, value, key: key(i), opaque: i });
    expect(err).toBe(0);
    if (i % 1000 === 999) k.poll(rk, 0);
  }
  await k.flush_async(rk, 60_000);
  reports.verify(Array.from({ length: count }, (_, i) => first + i));
  k.destroy(rk);
}

/** The number in a value that `fill` has made. */
export function numberOf(message: { readonly value: Buffer | null }): number {
  return Number.parseInt(String(message.value), 10);
}

export function numbersOf(messages: readonly { readonly value: Buffer | null }[]): number[] {
  return messages.map(numberOf);
}

export function upTo(count: number, first: number = 0): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

/** Who is no member of the group and reads what it has committed; -1001 for nothing. */
export class Outsider {
  private readonly rk: k.rd_kafka_t;
  private readonly topic: string;

  constructor(t: TestContext, env: TopicEnv) {
    this.rk = aConsumer(t, { 'bootstrap.servers': env.bootstrap, 'group.id': groupOf(env) });
    this.topic = env.topic;
  }

  async committed(partition: number = 0): Promise<number> {
    return (await this.allCommitted([partition]))[0]!;
  }

  async allCommitted(partitions: readonly number[]): Promise<number[]> {
    const asked = partitions.map((partition) => ({ topic: this.topic, partition, offset: 0 }));
    await k.committed_async(this.rk, asked, 30_000);
    return asked.map(({ offset }) => offset);
  }

  /** Waits for it; throws with what there is instead. */
  async sees(offset: number, partition: number = 0): Promise<void> {
    let seen = -1;
    await until(async () => (seen = await this.committed(partition)) === offset, {
      what: () => `[${partition}] committed up to ${offset}, it is ${seen}`,
    });
  }
}

/** Takes `count` messages and leaves the loop. */
export async function take(
  messages: AsyncIterable<k.Message>,
  count: number,
  what: (message: k.Message) => void | Promise<void> = () => {},
): Promise<k.Message[]> {
  const got: k.Message[] = [];
  for await (const message of messages) {
    got.push(message);
    await what(message);
    if (got.length === count) break;
  }
  return got;
}

/** What the promise is rejected with; fails when it is not. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('it was not rejected');
}

/** A promise to be settled by whoever holds it. */
export class Gate {
  readonly opened: Promise<void>;
  open: () => void;

  constructor() {
    this.open = () => {};
    this.opened = new Promise((resolve) => {
      this.open = resolve;
    });
  }
}

/** A rebalance, and nothing else, waits to be served by the next pull: for a consumer that has had all messages. */
export async function rebalanceWaits(rk: k.rd_kafka_t): Promise<void> {
  const queue = k.queue_get_consumer(rk)!;
  await until(() => k.queue_length(queue) > 0, { what: 'a rebalance to wait for the next pull' });
  k.queue_destroy(queue);
}

/** Blocks this thread: nothing of the library runs in it. */
export function busy(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
