// What an answer (or the lack of one) means for the batches of a Produce request: one table, one reason a row.
// @thread broker

import * as E from '../defs/enums.ts';

/** fail: report it | retry: send again, counted | refresh: the leader is wrong or gone, send again to the new one */
export type Action = 'fail' | 'retry' | 'refresh';

interface Row {
  readonly action: Action;
  /** The broker may have stored the batch all the same. */
  readonly maybePersisted: boolean;
  /** `retries` counts it down. */
  readonly counted: boolean;
}

const FAIL: Row = { action: 'fail', maybePersisted: false, counted: false };
const FAIL_MAYBE: Row = { action: 'fail', maybePersisted: true, counted: false };
const RETRY: Row = { action: 'retry', maybePersisted: false, counted: true };
const RETRY_MAYBE: Row = { action: 'retry', maybePersisted: true, counted: true };
/** Refused for sure, so there is no risk of a duplicate and the try is not counted. */
const REFRESH: Row = { action: 'refresh', maybePersisted: false, counted: false };

const ROWS: ReadonlyMap<number, Row> = new Map([
  // The connection broke with the request on it: nobody knows how far it came.
  [E.RD_KAFKA_RESP_ERR__TRANSPORT, { action: 'refresh', maybePersisted: true, counted: true }],
  [E.RD_KAFKA_RESP_ERR__SSL, RETRY_MAYBE],
  [E.RD_KAFKA_RESP_ERR__TIMED_OUT, RETRY_MAYBE],
  [E.RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, RETRY],
  [E.RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, FAIL_MAYBE],
  [E.RD_KAFKA_RESP_ERR__BAD_MSG, FAIL_MAYBE],
  [E.RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, FAIL_MAYBE],
  // To a producer that is not idempotent; what they mean to others: outcomes.
  [E.RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, FAIL_MAYBE],
  [E.RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER, FAIL_MAYBE],
  // The partition's leader is elsewhere, or on its way there.
  [E.RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, REFRESH],
  [E.RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, REFRESH],
  [E.RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, REFRESH],
  [E.RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE, REFRESH],
  [E.RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE, REFRESH],
  [E.RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, REFRESH],
  [E.RD_KAFKA_RESP_ERR_NOT_COORDINATOR, REFRESH],
  [E.RD_KAFKA_RESP_ERR__WAIT_COORD, REFRESH],
  [E.RD_KAFKA_RESP_ERR__DESTROY_BROKER, REFRESH],
  // The leader's disk: another replica may take over. Counted, so that a disk that stays broken is reported.
  [E.RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, { action: 'refresh', maybePersisted: false, counted: true }],
  // The bytes were damaged on the way.
  [E.RD_KAFKA_RESP_ERR_INVALID_MSG, RETRY],
  [E.RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RETRY],
  [E.RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, RETRY],
  // Stored by the leader, not by enough followers in time.
  [E.RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RETRY_MAYBE],
  [E.RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND, RETRY_MAYBE],
]);

/** Every other error is final: sending the same bytes again would get the same answer. */
export function classify(error: number): Row {
  return ROWS.get(error) ?? FAIL;
}

/** Codes of requests become codes of messages in a report. */
export function reportCode(error: number): number {
  return error === E.RD_KAFKA_RESP_ERR__TIMED_OUT || error === E.RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE
    ? E.RD_KAFKA_RESP_ERR__MSG_TIMED_OUT
    : error;
}

/** What the broker says of each partition. Mostly it answers in the order of the request, which needs no index. */
export class ProduceResults {
  private readonly topics: readonly any[];
  private topic: number;
  private partition: number;

  constructor(response: any) {
    this.topics = response.responses;
    this.topic = 0;
    this.partition = 0;
  }

  /** Null if it says nothing of this one. */
  of(topic: string, partition: number): any {
    const { topics } = this;
    for (let tried = 0; tried < topics.length; tried++) {
      const row = topics[this.topic]!;
      const found = row.name === topic ? this.among(row.partitionResponses, partition) : null;
      if (found !== null) return found;
      this.topic = (this.topic + 1) % topics.length;
      this.partition = 0;
    }
    return null;
  }

  private among(rows: readonly any[], partition: number): any {
    for (let tried = 0; tried < rows.length; tried++) {
      if (this.partition >= rows.length) this.partition = 0;
      const row = rows[this.partition++]!;
      if (row.index === partition) return row;
    }
    return null;
  }
}
