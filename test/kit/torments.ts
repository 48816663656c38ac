// What can happen to a cluster under a client, as choices of a seeded generator: connections, requests, brokers, leaders.
import { setTimeout as pause } from 'node:timers/promises';
import type { KafkaBroker } from '../../scripts/kafka.mjs';
import type { MockCluster } from '../../src/app/mock_control.ts';
import {
  RD_KAFKA_RESP_ERR__TRANSPORT,
  RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
  RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
  RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
  RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
  RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
  RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
} from '../../src/rdkafka.ts';
import {
  RD_KAFKAP_Produce,
  rd_kafka_mock_broker_set_down,
  rd_kafka_mock_broker_set_rtt,
  rd_kafka_mock_broker_set_up,
  rd_kafka_mock_clear_request_errors,
  type rd_kafka_mock_cluster_t,
  rd_kafka_mock_partition_push_request_errors,
  rd_kafka_mock_partition_set_leader,
  rd_kafka_mock_push_request_errors,
} from '../../src/rdkafka_mock.ts';
import type { KafkaProxy } from './proxy.ts';
import type { SeededRandom } from './random_message.ts';

/** Done when it resolves; what it breaks is whole again then, or by itself later. */
export type Torment = (random: SeededRandom) => void | Promise<void>;

/** Torments that happen one after the other, after pauses of `pause_ms`. */
export interface Torments {
  readonly pause_ms: readonly [number, number];
  readonly each: readonly Torment[];
  /** Everything works again. */
  heal(): void | Promise<void>;
}

const MAX_MS = 300;

/** Of connections that lead through a proxy of so many brokers. */
export function ofConnections(proxy: KafkaProxy, brokers: number): Torments {
  const one = (random: SeededRandom): number | undefined => (random.below(3) === 0 ? undefined : random.below(brokers));
  const way = (random: SeededRandom): 'up' | 'down' => random.pick(['up', 'down'] as const);
  const held = async (random: SeededRandom): Promise<void> => {
    const [direction, broker] = [way(random), one(random)];
    proxy.hold(direction, broker);
    await pause(random.below(MAX_MS));
    // What was held is lost, or it arrives.
    if (random.below(2) === 0) proxy.cut(broker);
    proxy.release(direction, broker);
  };
  const refused = async (random: SeededRandom): Promise<void> => {
    const broker = one(random);
    proxy.refuse(broker);
    await pause(random.below(MAX_MS));
    proxy.accept(broker);
  };
  // Not `swallow`: what a connection has lost is not followed by anything.
  const ruled: Torment = (random) => {
    const action = random.pick(['cut', 'half', 'hold'] as const);
    proxy.when(way(random), RD_KAFKAP_Produce, random.below(20), action, random.below(brokers));
  };
  return {
    pause_ms: [0, 120],
    each: [
      (random) => proxy.cut(one(random)),
      (random) => proxy.delay(way(random), random.below(20), one(random)),
      held,
      refused,
      ruled,
      ruled,
    ],
    heal: () => {
      proxy.accept();
      proxy.release();
      proxy.delay('up', 0);
      proxy.delay('down', 0);
    },
  };
}

/** Errors of Produce that pass, none of which has stored anything. */
const PASSING = [
  RD_KAFKA_RESP_ERR__TRANSPORT,
  RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
  RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
  RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
  RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
  RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
] as const;

/** Of a mock cluster with a topic: refusals, lost answers, brokers that go and come, leaders that move. */
export function ofMock(mock: rd_kafka_mock_cluster_t, brokers: number, topic: string, partitions: number): Torments {
  const some = (random: SeededRandom): number[] =>
    Array.from({ length: 1 + random.below(3) }, () => random.pick(PASSING));
  const loseAnswers: Torment = (random) => {
    const fault = { loseAnswer: true, times: 1 + random.below(3) };
    (mock as unknown as MockCluster).command('push_fault', RD_KAFKAP_Produce, {}, fault);
  };
  const moveLeader: Torment = (random) =>
    void rd_kafka_mock_partition_set_leader(mock, topic, random.below(partitions), 1 + random.below(brokers));
  return {
    pause_ms: [0, 120],
    each: [
      loseAnswers,
      loseAnswers,
      moveLeader,
      moveLeader,
      (random) => {
        const errors = some(random);
        rd_kafka_mock_push_request_errors(mock, RD_KAFKAP_Produce, errors.length, ...errors);
      },
      (random) => {
        const errors = some(random).filter((code) => code !== RD_KAFKA_RESP_ERR__TRANSPORT);
        const partition = random.below(partitions);
        rd_kafka_mock_partition_push_request_errors(
          mock,
          topic,
          partition,
          RD_KAFKAP_Produce,
          errors.length,
          ...errors,
        );
      },
      (random) => void rd_kafka_mock_broker_set_rtt(mock, 1 + random.below(brokers), random.below(30)),
      async (random) => {
        const broker = 1 + random.below(brokers);
        rd_kafka_mock_broker_set_down(mock, broker);
        await pause(random.below(MAX_MS));
        rd_kafka_mock_broker_set_up(mock, broker);
      },
    ],
    heal: () => {
      rd_kafka_mock_clear_request_errors(mock, RD_KAFKAP_Produce);
      rd_kafka_mock_broker_set_rtt(mock, -1, 0);
      rd_kafka_mock_broker_set_up(mock, -1);
    },
  };
}

/** Batches that a mock cluster refuses for good. */
export function ofRefusals(mock: rd_kafka_mock_cluster_t, topic: string, partitions: number): Torments {
  const denied = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
  return {
    pause_ms: [0, 200],
    each: [
      (random) =>
        void rd_kafka_mock_partition_push_request_errors(
          mock,
          topic,
          random.below(partitions),
          RD_KAFKAP_Produce,
          1,
          denied,
        ),
    ],
    heal: () => {},
  };
}

/** Of the brokers of a real Kafka: one at a time is killed or ends in order, and is started again. */
export function ofBrokers(brokers: readonly KafkaBroker[]): Torments {
  return {
    pause_ms: [0, 1000],
    each: [
      async (random) => {
        const broker = random.pick(brokers);
        if (random.below(3) === 0) await broker.shutdown();
        else await broker.kill();
        await pause(random.below(4000));
        await broker.restart();
      },
    ],
    heal: () => {},
  };
}
