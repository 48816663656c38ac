// Clients of the promise layer for tests, ended after the test as those of kit/builders are. @thread app
import { expect, type TestContext } from 'vitest';
import {
  type ConsumerHooks,
  consumer_new,
  type Hooks,
  KafkaError,
  out,
  type Properties,
  produce_async,
  producer_new,
  type rd_kafka_t,
  type rd_kafka_topic_partition_list_t,
  type rd_kafka_topic_partition_t,
} from '../../src/index.ts';
import { rd_kafka_assignment } from '../../src/rdkafka.ts';
import { belongs } from './builders.ts';

export interface Client {
  readonly rk: rd_kafka_t;
  /** Log lines. */
  readonly logs: string[];
  /** What error_cb was told. */
  readonly errors: KafkaError[];
}

function kept(t: TestContext, rk: rd_kafka_t): rd_kafka_t {
  // As in `using`: silent where the test has ended it.
  belongs(t, () => rk[Symbol.dispose]());
  return rk;
}

function listeners(): Pick<Client, 'logs' | 'errors'> & Hooks {
  const logs: string[] = [];
  const errors: KafkaError[] = [];
  return {
    logs,
    errors,
    log_cb: (level, fac, text) => void logs.push(`${level} ${fac} ${text}`),
    error_cb: (error) => void errors.push(error),
  };
}

/** By producer_new. */
export function aNewProducer(t: TestContext, conf: Properties & Hooks): Client {
  const { logs, errors, ...hooks } = listeners();
  return { rk: kept(t, producer_new({ ...hooks, ...conf })), logs, errors };
}

type ConsumerConf = Properties & ConsumerHooks & { topics?: readonly (string | RegExp)[] };

/** By consumer_new; from the beginning where nothing is committed, and in a group of its own unless `conf` names one. */
export function aNewConsumer(t: TestContext, conf: ConsumerConf): Client {
  const { logs, errors, ...hooks } = listeners();
  const mine = { 'group.id': `g-${crypto.randomUUID()}`, 'auto.offset.reset': 'earliest' } as const;
  return { rk: kept(t, consumer_new({ ...mine, ...hooks, ...conf })), logs, errors };
}

/** Delivered, one behind the other. */
export async function put(
  bootstrap: string,
  topic: string,
  values: readonly string[],
  partition: number = -1,
): Promise<void> {
  const rk = producer_new({ 'bootstrap.servers': bootstrap });
  try {
    await produce_async(
      rk,
      values.map((value) => ({ topic, value, partition })),
    );
  } finally {
    rk[Symbol.dispose]();
  }
}

/** `topic [partition]` of what the consumer has, sorted. */
export function assignedTo(rk: rd_kafka_t): string[] {
  const list = out<rd_kafka_topic_partition_list_t>();
  rd_kafka_assignment(rk, list);
  return namesOf(list.value.elems);
}

export function namesOf(partitions: readonly rd_kafka_topic_partition_t[]): string[] {
  return partitions.map(({ topic, partition }) => `${topic} [${partition}]`).sort();
}

/** The KafkaError that it rejects with; fails when it does anything else. */
export async function kafkaError(promise: Promise<unknown>): Promise<KafkaError> {
  const error = await promise.then(
    () => 'it was resolved',
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(KafkaError);
  return error as KafkaError;
}

/** 'ok', or the type of the error that it rejects with. */
export function outcome(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'ok',
    (error: unknown) => (error instanceof KafkaError ? error.type : String(error)),
  );
}

/** `ok x 3, _PURGE_QUEUE x 2`. */
export function tally(outcomes: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const each of outcomes) counts.set(each, (counts.get(each) ?? 0) + 1);
  return [...counts]
    .map(([name, n]) => `${name} x ${n}`)
    .sort()
    .join(', ');
}
