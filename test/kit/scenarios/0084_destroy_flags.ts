// 0084: destroy with and without leaving the group, in each state of a client: it ends, and rebalance_cb runs as flagged.
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE,
  RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS,
  type RebalanceCb,
  rd_kafka_assign,
  rd_kafka_consumer_poll,
  rd_kafka_destroy_flags,
  rd_kafka_subscribe,
  rd_kafka_unsubscribe,
} from '../../../src/rdkafka.ts';
import { aConsumer, aProducer, type Config } from '../builders.ts';
import { pollUntil } from '../consuming.ts';
import { queueMessages } from '../reports.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

export interface DestroyCase {
  readonly name: string;
  readonly client: 'producer' | 'consumer';
  readonly produce?: number;
  readonly subscribe?: boolean;
  readonly unsubscribe?: boolean;
}

export const DESTROY_CASES: readonly DestroyCase[] = [
  { name: 'an idle producer', client: 'producer' },
  { name: 'a producer with messages on their way', client: 'producer', produce: 10_000 },
  { name: 'a subscribed consumer', client: 'consumer', subscribe: true },
  { name: 'a consumer that has just unsubscribed', client: 'consumer', subscribe: true, unsubscribe: true },
  { name: 'an idle consumer', client: 'consumer' },
];

export const DESTROY_FLAGS: readonly number[] = [0, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE];

/** `env` null: no broker at all. */
export async function destroyFlags(t: TestContext, env: Env | null, one: DestroyCase, flags: number): Promise<void> {
  const topic = env === null ? 'nowhere' : await freshTopic(env.bootstrap, 3);
  const servers: Config = env === null ? {} : { 'bootstrap.servers': env.bootstrap };

  if (one.client === 'producer') endProducer(t, servers, topic, one.produce ?? 0, flags);
  else endConsumer(t, servers, topic, one, flags, env !== null);
}

/** Nothing is lost in silence: whatever was accepted is reported before destroy returns. */
function endProducer(t: TestContext, servers: Config, topic: string, count: number, flags: number): void {
  const p = aProducer(t, servers);
  const { opaques } = queueMessages(p, topic, -1, 0, count, { size: 100 });

  rd_kafka_destroy_flags(p.rk, flags);

  expect(new Set(p.reports.all.map(({ opaque }) => opaque))).toEqual(new Set(opaques));
  expect(p.reports.all.length).toBe(count);
}

function endConsumer(
  t: TestContext,
  servers: Config,
  topic: string,
  one: DestroyCase,
  flags: number,
  online: boolean,
): void {
  let rebalances = 0;
  const rebalance_cb: RebalanceCb = (rk, err, partitions) => {
    rebalances++;
    rd_kafka_assign(rk, err === RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? partitions : null);
  };
  const c = aConsumer(t, servers, { rebalance_cb });
  const poll = (): void => void rd_kafka_consumer_poll(c, 50);
  if (one.subscribe) {
    expect(rd_kafka_subscribe(c, [topic])).toBe(0);
    if (online) pollUntil('an assignment', poll, () => rebalances > 0);
  }
  for (let i = 0; i < 5; i++) poll();
  if (one.unsubscribe) expect(rd_kafka_unsubscribe(c)).toBe(0);

  rebalances = 0;
  rd_kafka_destroy_flags(c, flags);

  const last = one.subscribe === true && online && (flags & RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE) === 0;
  expect(rebalances).toBe(last ? 1 : 0);
}
