// What a scenario runs against: a mock cluster whose brokers it may torment, or a real Kafka. @thread app
import type { rd_kafka_mock_cluster_t } from '../../../src/rdkafka_mock.ts';

export interface Env {
  readonly bootstrap: string;
  /** Absent on a real Kafka. */
  readonly mock?: rd_kafka_mock_cluster_t;
}

/** A scenario that needs control over its cluster. */
export interface MockEnv extends Env {
  readonly mock: rd_kafka_mock_cluster_t;
}
