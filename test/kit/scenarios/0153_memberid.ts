// 0153: with group.protocol=consumer each consumer has a member id of its own as soon as it is there.
import { expect, type TestContext } from 'vitest';
import { rd_kafka_consumer_close, rd_kafka_memberid } from '../../../src/rdkafka.ts';
import { aConsumer } from '../builders.ts';

const CONSUMERS = 500;

export function uniqueMemberIds(t: TestContext): void {
  const ids = new Set<string | null>();

  for (let i = 0; i < CONSUMERS; i++) {
    const rk = aConsumer(t, { 'bootstrap.servers': '127.0.0.1:9', 'group.id': 'g', 'group.protocol': 'consumer' });
    ids.add(rd_kafka_memberid(rk));
    expect(rd_kafka_consumer_close(rk)).toBe(0);
  }

  expect(ids.size).toBe(CONSUMERS);
  for (const id of ids) expect(id).toMatch(/^[A-Za-z0-9_-]{22}$/);
}
