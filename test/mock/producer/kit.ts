// A mock cluster through the public API, ended with the test; nothing of it may be left.
import { onTestFinished } from 'vitest';
import type { Handle } from '../../../src/app/handle.ts';
import * as rk from '../../../src/index.ts';
import { REPORTS } from '../../../src/ops/head_page.ts';
import { FIRST_APP_SLOT } from '../../../src/ops/ids.ts';
import { EMPTY } from '../../../src/ops/stacks.ts';
import * as mock from '../../../src/rdkafka_mock.ts';
import { nothingLeft } from '../../kit/nothing_left.ts';
import { confOf, openProducer, type ProducerOptions, type Producing, type Settings } from '../../kit/producing.ts';
import type { ScenarioEnv } from '../../kit/scenarios/producer.ts';

export interface MockEnv extends ScenarioEnv {
  readonly mock: mock.rd_kafka_mock_cluster_t;
  /** A producer on this cluster; destroyed with the test if it still is there. */
  producer(settings?: Settings, options?: ProducerOptions): Producing;
}

/** `partitions` of the topic `t`; -1 leaves it to be made at first use. */
export function aMock(brokers = 1, partitions = 4): MockEnv {
  const host = rk.new(rk.RD_KAFKA_PRODUCER, confOf({ 'client.id': 'mock-host' }))!;
  const cluster = mock.rd_kafka_mock_cluster_new(host, brokers)!;
  const opened: Producing[] = [];
  onTestFinished(async () => {
    const thrown: unknown[] = [];
    for (const handle of [...opened.map((each) => each.handle), host]) {
      try {
        if (!gone(handle)) rk.destroy(handle);
      } catch (error) {
        thrown.push(error);
      }
    }
    await nothingLeft();
    if (thrown.length > 0) throw thrown[0];
  });
  mock.rd_kafka_mock_group_initial_rebalance_delay_ms(cluster, 0);
  if (partitions > 0) mock.rd_kafka_mock_topic_create(cluster, 't', partitions, Math.min(3, brokers));
  const bootstrap = mock.rd_kafka_mock_cluster_bootstraps(cluster);
  return {
    bootstrap,
    topic: 't',
    mock: cluster,
    producer(settings = {}, options = {}) {
      const producing = openProducer({ 'bootstrap.servers': bootstrap, ...settings }, options);
      opened.push(producing);
      return producing;
    },
  };
}

/** Blocks this thread, without a call of the library, until a worker has left the handle's first report for it. */
export function sleepUntilReported(handle: rk.rd_kafka_t): void {
  const { head } = (handle as unknown as Handle).memory;
  const deadline = performance.now() + 45_000;
  while (Atomics.load(head, REPORTS + FIRST_APP_SLOT) === EMPTY) {
    if (performance.now() > deadline) throw new Error('no report came within 45 s');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  }
}

function gone(handle: rk.rd_kafka_t): boolean {
  try {
    rk.name(handle);
    return false;
  } catch {
    return true;
  }
}
