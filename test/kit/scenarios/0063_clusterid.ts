// 0063: the cluster's id and its controller: waited for once, then at hand; nothing where no broker tells.
import { expect, type TestContext } from 'vitest';
import { rd_kafka_clusterid, rd_kafka_controllerid } from '../../../src/rdkafka.ts';
import { aProducer } from '../builders.ts';
import type { Env } from './env.ts';

export async function clusterId(t: TestContext, { bootstrap }: Env): Promise<void> {
  const { rk } = aProducer(t, { 'bootstrap.servers': bootstrap });

  const waited = rd_kafka_clusterid(rk, 15_000);
  const atHand = rd_kafka_clusterid(rk, 0);

  expect(waited).toMatch(/.+/);
  expect(atHand).toBe(waited);
}

export async function controllerId(t: TestContext, { bootstrap }: Env): Promise<void> {
  const { rk } = aProducer(t, { 'bootstrap.servers': bootstrap });

  const waited = rd_kafka_controllerid(rk, 15_000);
  const atHand = rd_kafka_controllerid(rk, 0);

  expect(waited).toBeGreaterThanOrEqual(0);
  expect(atHand).toBe(waited);
}

/** No broker answers: the calls end when their time is up. */
export function nobodyTells(t: TestContext): void {
  const { rk } = aProducer(t, { 'bootstrap.servers': '127.0.0.1:1' });

  const ids = [rd_kafka_clusterid(rk, 300), rd_kafka_clusterid(rk, 0)];
  const controllers = [rd_kafka_controllerid(rk, 300), rd_kafka_controllerid(rk, 0)];

  expect(ids).toEqual([null, null]);
  expect(controllers).toEqual([-1, -1]);
}
