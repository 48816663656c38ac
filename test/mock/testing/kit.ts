// A cluster of rdkafka-ts/testing and clients of it, for the tests of that door. @thread app
import type { TestContext } from 'vitest';
import * as k from '../../../src/rdkafka.ts';
import { type ClusterOptions, type MockCluster, mock_cluster } from '../../../src/testing.ts';
import { aConsumer, aProducer, belongs, type Config, type TestProducer } from '../../kit/builders.ts';
import type { Report } from '../../kit/reports.ts';

/** For what comes within milliseconds on a machine that has time. */
export const PATIENCE = { timeout_ms: 60_000 } as const;

/** A cluster that ends after the test's clients; nothing may be left then. */
export async function aTestCluster(t: TestContext, o?: ClusterOptions): Promise<MockCluster> {
  const c = await mock_cluster(o);
  belongs(t, () => c.handle[Symbol.dispose]());
  return c;
}

export function producerOf(t: TestContext, c: MockCluster, extra: Config = {}): TestProducer {
  return aProducer(t, { ...(c.config({ 'linger.ms': 0 }) as Config), ...extra });
}

/** One message, and its report. */
export async function send({ rk, reports }: TestProducer, topic: string, value: string, key?: string): Promise<Report> {
  const opaque = {};
  const err = k.rd_kafka_producev(rk, { topic, value, key, opaque });
  if (err !== 0) throw new Error(k.rd_kafka_err2str(err));
  const reported = (): Report | undefined => reports.all.find((report) => report.opaque === opaque);
  while (reported() === undefined) await k.rd_kafka_poll_async(rk, 1000);
  return reported() as Report;
}

export interface Member {
  rk: k.rd_kafka_t;
  /** How many partitions it has. */
  owned: number;
  /** Calls of rebalance_cb: `+` for assigned, `-` for revoked, with the number of partitions. */
  readonly rebalances: string[];
  /** Values of what it has consumed. */
  readonly texts: string[];
  /** Errors that it was told of. */
  readonly errors: string[];
}

/** A subscribed member of `group`. */
export function memberOf(
  t: TestContext,
  c: MockCluster,
  group: string,
  topics: readonly string[],
  extra: Config = {},
): Member {
  const config = c.config({ 'group.id': group, ...extra } as Parameters<MockCluster['config']>[0]) as Config;
  const member: Member = { rk: null as never, rebalances: [], owned: 0, texts: [], errors: [] };
  member.rk = aConsumer(t, config, {
    rebalance_cb: (client, err, partitions) => {
      const assigned = err === k.RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
      const incremental = k.rd_kafka_rebalance_protocol(client) === 'COOPERATIVE';
      member.rebalances.push(`${assigned ? '+' : '-'}${partitions.cnt}`);
      member.owned += assigned ? partitions.cnt : -partitions.cnt;
      if (!incremental) k.rd_kafka_assign(client, assigned ? partitions : null);
      else if (assigned) k.rd_kafka_incremental_assign(client, partitions);
      else k.rd_kafka_incremental_unassign(client, partitions);
    },
  });
  k.rd_kafka_subscribe(member.rk, topics);
  return member;
}

/** Polls all of them until `done`; fails with how far they got. */
export async function pollUntil(members: readonly Member[], what: string, done: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE.timeout_ms;
  while (!done()) {
    if (performance.now() > deadline) throw new Error(`no ${what}: ${JSON.stringify(members.map(stateOf))}`);
    await Promise.all(members.map(poll));
  }
}

async function poll({ rk, texts, errors }: Member): Promise<void> {
  const message = await k.rd_kafka_consumer_poll_async(rk, 50);
  if (message === null) return;
  if (message.err === 0) texts.push(String(message.payload));
  else errors.push(k.rd_kafka_err2name(message.err));
}

function stateOf({ rebalances, owned, texts, errors }: Member): object {
  return { rebalances, owned, texts, errors };
}

/** What a promise is rejected with; fails when it is not. */
export async function rejected(promise: Promise<unknown>): Promise<Error & { code?: unknown }> {
  const value = await promise.then(
    (gained) => ({ gained }),
    (error: Error) => error,
  );
  if ('gained' in value) throw new Error(`not rejected, but resolved with ${JSON.stringify(value.gained)}`);
  return value;
}
