// 0095: when no broker of the bootstrap list can be reached, error_cb says so.
import type { TestContext } from 'vitest';
import {
  RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
  rd_kafka_consumer_poll,
  rd_kafka_poll,
  rd_kafka_poll_set_consumer,
} from '../../../src/rdkafka.ts';
import { aConsumer, aProducer } from '../builders.ts';
import { pollUntil } from '../consuming.ts';

/** Two addresses that refuse at once. */
const NOBODY = { 'bootstrap.servers': '127.0.0.1:1,127.0.0.1:2' };

export function producerIsTold(t: TestContext): void {
  const errors = new Set<number>();
  const { rk } = aProducer(t, NOBODY, { error_cb: (_rk, err) => void errors.add(err) });

  pollUntil(
    'all brokers down',
    () => rd_kafka_poll(rk, 1000),
    () => errors.has(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN),
  );
}

/** A consumer has a coordinator besides, which is no broker to be counted. Its errors come by consumer_poll once asked for. */
export function consumerIsTold(t: TestContext): void {
  const errors = new Set<number>();
  const rk = aConsumer(t, NOBODY, { error_cb: (_rk, err) => void errors.add(err) });
  rd_kafka_poll_set_consumer(rk);

  pollUntil(
    'all brokers down',
    () => rd_kafka_consumer_poll(rk, 1000),
    () => errors.has(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN),
  );
}
