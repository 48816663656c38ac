// An assigned partition that makes no progress is noticed, whatever the cause, and told once.
import type { TestContext } from 'vitest';
import { expect, test } from 'vitest';
import {
  RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
  rd_kafka_assign,
  rd_kafka_consumer_poll,
  rd_kafka_dump,
  rd_kafka_pause_partitions,
  rd_kafka_poll,
  type rd_kafka_t,
} from '../../../src/rdkafka.ts';
import {
  RD_KAFKAP_Fetch,
  rd_kafka_mock_broker_set_rtt,
  rd_kafka_mock_partition_set_leader,
  rd_kafka_mock_push_request_errors_array,
  rd_kafka_mock_topic_create,
} from '../../../src/rdkafka_mock.ts';
import { aCluster, aConsumer, aProducer, type TestCluster } from '../../kit/builders.ts';
import { produceMessages } from '../../kit/reports.ts';
import { until } from '../../kit/until.ts';

const TOPIC = 'test';
const PARTITION = [{ topic: TOPIC, partition: 0, offset: 0 }];
const TOLD_MS = 60_000;

interface Scene {
  readonly cluster: TestCluster;
  readonly rk: rd_kafka_t;
  /** What was logged of partitions that stand still. */
  readonly lines: string[];
}

/** One message has been handed out of many. */
function consuming(t: TestContext): Scene {
  const cluster = aCluster(t, 1);
  expect(rd_kafka_mock_topic_create(cluster.mock, TOPIC, 1, 1)).toBe(0);
  const p = aProducer(t, { 'bootstrap.servers': cluster.bootstrap, 'linger.ms': 5 });
  produceMessages(p, TOPIC, 0, 0, 2000);
  const lines: string[] = [];
  const log = (level: number, fac: string, text: string): void => {
    if (fac === 'STALLED') lines.push(`${level} ${text}`);
  };
  const config = { 'bootstrap.servers': cluster.bootstrap, 'queued.max.messages.kbytes': 1, 'fetch.wait.max.ms': 50 };
  const rk = aConsumer(t, config, { log });
  expect(rd_kafka_assign(rk, PARTITION)).toBe(0);
  expect(rd_kafka_consumer_poll(rk, 30_000)?.err).toBe(0);
  return { cluster, rk, lines };
}

/** The first line that is told while `each` goes on and on, and no other comes with it. */
async function told({ lines }: Scene, each: () => void): Promise<string> {
  await until(
    () => {
      each();
      return lines.length > 0;
    },
    { deadline_ms: TOLD_MS, what: 'a line about the partition that stands still' },
  );
  expect(lines).toHaveLength(1);
  return lines[0]!;
}

/** Takes all that there is. */
function drain({ rk }: Scene): void {
  while (rd_kafka_consumer_poll(rk, 0) !== null);
}

test('because it has no leader', async (t) => {
  const scene = consuming(t);
  expect(rd_kafka_mock_partition_set_leader(scene.cluster.mock, TOPIC, 0, -1)).toBe(0);

  expect(await told(scene, () => drain(scene))).toMatch(/4 .*test \[0\]: no progress for 10 s: it has no leader/);
});

test('because its leader answers with an error', async (t) => {
  const scene = consuming(t);
  const errors = Array.from({ length: 500 }, () => RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  rd_kafka_mock_push_request_errors_array(scene.cluster.mock, RD_KAFKAP_Fetch, errors);

  expect(await told(scene, () => drain(scene))).toMatch(/answers with an error: Broker: No permission/);
});

test('because its broker does not answer', async (t) => {
  const scene = consuming(t);
  expect(rd_kafka_mock_broker_set_rtt(scene.cluster.mock, 1, 50_000)).toBe(0);

  expect(await told(scene, () => drain(scene))).toMatch(/the broker does not answer/);
  // Nothing waits for that long when the test ends.
  expect(rd_kafka_mock_broker_set_rtt(scene.cluster.mock, 1, 0)).toBe(0);
});

test('because it is paused', async (t) => {
  const scene = consuming(t);
  expect(
    rd_kafka_pause_partitions(
      scene.rk,
      PARTITION.map((each) => ({ ...each })),
    ),
  ).toBe(0);

  expect(await told(scene, () => drain(scene))).toMatch(/6 .*it is paused/);
  let dump = '';
  rd_kafka_dump({ write: (text: string) => void (dump += text) }, scene.rk);
  expect(dump).toContain('partitions that stood still: paused 1');
});

test('because more waits for the application than may, though it polls', async (t) => {
  const scene = consuming(t);
  let at = performance.now();
  // Some five a second: what was fetched first lasts for minutes.
  const slowly = (): void => {
    if (performance.now() - at < 200) return;
    at = performance.now();
    rd_kafka_consumer_poll(scene.rk, 0);
  };

  expect(await told(scene, slowly)).toMatch(/as much as the queue limits allow/);
});

test('because the application does not poll', async (t) => {
  const scene = consuming(t);

  // That of the reply queue serves log lines; it is not the one that counts.
  expect(await told(scene, () => void rd_kafka_poll(scene.rk, 0))).toMatch(/the application does not poll/);
});
