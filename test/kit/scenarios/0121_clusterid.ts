// 0121: bootstrap servers of two clusters are warned about.
import { expect, type TestContext } from 'vitest';
import { out, rd_kafka_metadata, type rd_kafka_metadata_t, rd_kafka_poll } from '../../../src/rdkafka.ts';
import { rd_kafka_mock_broker_set_down, rd_kafka_mock_broker_set_up } from '../../../src/rdkafka_mock.ts';
import { aProducer } from '../builders.ts';
import { pollUntil } from '../consuming.ts';
import type { MockEnv } from './env.ts';

export function twoClusters(t: TestContext, a: MockEnv, b: MockEnv): void {
  const warnings: { level: number; text: string }[] = [];
  const { rk } = aProducer(
    t,
    { 'bootstrap.servers': `${a.bootstrap},${b.bootstrap}`, 'reconnect.backoff.max.ms': 500 },
    {
      log: (level, fac, text) => {
        if (fac === 'CLUSTERID') warnings.push({ level, text });
      },
    },
  );
  const ask = (): number => {
    const err = rd_kafka_metadata(rk, true, null, out<rd_kafka_metadata_t>(), 1000);
    rd_kafka_poll(rk, 0);
    return err;
  };

  // Cluster b is down to begin with, so that it is a which is met first.
  expect(rd_kafka_mock_broker_set_down(b.mock, 1)).toBe(0);
  let err = -1;
  pollUntil(
    'metadata of a',
    () => (err = ask()),
    () => err === 0,
  );
  const before = warnings.length;
  expect(rd_kafka_mock_broker_set_down(a.mock, 1)).toBe(0);
  expect(rd_kafka_mock_broker_set_up(b.mock, 1)).toBe(0);
  pollUntil('a warning', ask, () => warnings.length > 0);

  expect(before).toBe(0);
  expect(warnings[0]!.level).toBe(4);
}
