// 0131: a broker that takes longer than socket.connection.setup.timeout.ms to get ready is let go.
import { expect, type TestContext } from 'vitest';
import { rd_kafka_poll } from '../../../src/rdkafka.ts';
import { rd_kafka_mock_broker_set_rtt } from '../../../src/rdkafka_mock.ts';
import { aProducer, type Config } from '../builders.ts';
import { pollUntil } from '../consuming.ts';
import type { MockEnv } from './env.ts';

const SETUP_MS = 1500;
const SLOW_MS = 60_000;

/** A broker whose answers take far longer than the client is willing to wait. */
export function slowBroker(t: TestContext, { bootstrap, mock }: MockEnv): void {
  expect(rd_kafka_mock_broker_set_rtt(mock, 1, SLOW_MS)).toBe(0);
  givesUp(t, { 'bootstrap.servers': bootstrap });
}

/** The same with a mock cluster of its own, slow from its beginning, as in C. */
export function slowOwnBrokers(t: TestContext): void {
  givesUp(t, { 'test.mock.num.brokers': 2, 'test.mock.broker.rtt': SLOW_MS });
}

function givesUp(t: TestContext, cluster: Config): void {
  const seen: number[] = [];
  const log = (_level: number, _fac: string, text: string): void => {
    if (text.includes('Connection setup timed out')) seen.push(performance.now() - from);
  };
  const config = { ...cluster, 'socket.connection.setup.timeout.ms': SETUP_MS, debug: 'broker' };
  const from = performance.now();
  const { rk } = aProducer(t, config, { log });

  pollUntil(
    'a connection to be given up',
    () => rd_kafka_poll(rk, 200),
    () => seen.length > 0,
  );

  // Not sooner than that; how much later is the machine's affair.
  expect(seen[0]).toBeGreaterThanOrEqual(SETUP_MS);
}
