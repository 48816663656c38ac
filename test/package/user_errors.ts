// needs: err2str error_new last_error version
import * as rdkafka from 'rdkafka-ts';
import { KafkaError, RD_KAFKA_RESP_ERR__QUEUE_FULL, type rd_kafka_resp_err_t } from 'rdkafka-ts';
import { rd_kafka_err2str, rd_kafka_last_error } from 'rdkafka-ts/rdkafka';

export function describe(code: rd_kafka_resp_err_t): string {
  return `${rdkafka.err2name(code)}: ${rd_kafka_err2str(code)} ${rdkafka.version()}`;
}

export function isFull(error: unknown): boolean {
  return error instanceof KafkaError && error.code === RD_KAFKA_RESP_ERR__QUEUE_FULL && error.retriable;
}

export const made: KafkaError = rdkafka.error_new(RD_KAFKA_RESP_ERR__QUEUE_FULL, 'full');
export const last: number = rd_kafka_last_error();
