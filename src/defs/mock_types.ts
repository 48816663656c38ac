// The handle types of rdkafka_mock.h. @thread any
import type { Owned } from './types.ts';

export type rd_kafka_mock_cluster_t = Owned<'rd_kafka_mock_cluster_t'>;
export type rd_kafka_mock_request_t = Owned<'rd_kafka_mock_request_t'>;
export type rd_kafka_mock_cgrp_consumer_target_assignment_t = Owned<'rd_kafka_mock_cgrp_consumer_target_assignment_t'>;
