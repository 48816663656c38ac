// Delivery reports as a test counts them: by the opaque of each message. @thread app
import {
  RD_KAFKA_RESP_ERR__QUEUE_FULL,
  RD_KAFKA_V_OPAQUE,
  RD_KAFKA_V_PARTITION,
  RD_KAFKA_V_TOPIC,
  RD_KAFKA_V_VALUE,
  rd_kafka_err2name,
  rd_kafka_flush,
  rd_kafka_message_status,
  type rd_kafka_message_t,
  rd_kafka_poll,
  rd_kafka_producev,
  type rd_kafka_t,
} from '../../src/rdkafka.ts';
import { newTestId, payloadOf } from './msgver.ts';

export interface Report {
  readonly opaque: unknown;
  readonly err: number;
  readonly topic: string | null;
  readonly partition: number;
  readonly offset: number;
  readonly status: number;
}

export class ReportLog {
  readonly all: Report[];

  constructor() {
    this.all = [];
  }

  take(message: rd_kafka_message_t): void {
    const { _private: opaque, err, topic, partition, offset } = message;
    this.all.push({ opaque, err, topic, partition, offset, status: rd_kafka_message_status(message) });
  }

  /** Names of the errors reported, each once. */
  get errors(): string[] {
    return [...new Set(this.all.filter(({ err }) => err !== 0).map(({ err }) => rd_kafka_err2name(err)))];
  }

  /** Throws unless each of these was reported exactly once, with `err`. */
  verify(opaques: readonly unknown[], err: number = 0): void {
    const wanted = new Set(opaques);
    const mine = this.all.filter(({ opaque }) => wanted.has(opaque));
    const bad = mine.filter((report) => report.err !== err);
    const twice = mine.length - new Set(mine.map(({ opaque }) => opaque)).size;
    const never = opaques.length - (mine.length - twice);
    if (bad.length + twice + never === 0) return;
    throw new Error(
      `of ${opaques.length} messages ${never} never reported, ${twice} twice, ` +
        `${bad.length} not with ${rd_kafka_err2name(err)} but ${this.errors.join(', ')}`,
    );
  }
}

export interface ProduceOptions {
  /** Of msgver; a new one by default. */
  id?: string;
  /** Bytes of each value. */
  size?: number;
  /** For all of them to be reported. */
  timeout_ms?: number;
  /** What each has to be reported with, 0 by default. */
  err?: number;
}

export interface Producing {
  readonly rk: rd_kafka_t;
  readonly reports: ReportLog;
}

/** Queues `count` self-proving messages from sequence `first` on; gives their opaques. Serves reports while it is full. */
export function queueMessages(
  p: Producing,
  topic: string,
  partition: number,
  first: number,
  count: number,
  options: ProduceOptions = {},
): { id: string; opaques: string[] } {
  const { id = newTestId(), size = 0 } = options;
  const opaques: string[] = [];
  for (let seq = first; seq < first + count; seq++) {
    const opaque = `${id}/${partition}/${seq}`;
    for (;;) {
      const err = rd_kafka_producev(
        p.rk,
        RD_KAFKA_V_TOPIC(topic),
        RD_KAFKA_V_PARTITION(partition),
        RD_KAFKA_V_VALUE(payloadOf(id, partition, seq, size)),
        RD_KAFKA_V_OPAQUE(opaque),
      );
      if (err === 0) break;
      if (err !== RD_KAFKA_RESP_ERR__QUEUE_FULL) throw new Error(`producev: ${rd_kafka_err2name(err)}`);
      rd_kafka_poll(p.rk, 100);
    }
    opaques.push(opaque);
  }
  return { id, opaques };
}

/** The same, flushed, and each reported exactly once; gives the test id. */
export function produceMessages(
  p: Producing,
  topic: string,
  partition: number,
  first: number,
  count: number,
  options: ProduceOptions = {},
): string {
  const { timeout_ms = 45_000, err = 0 } = options;
  const { id, opaques } = queueMessages(p, topic, partition, first, count, options);
  const flushed = rd_kafka_flush(p.rk, timeout_ms);
  if (flushed !== 0)
    throw new Error(`flush: ${rd_kafka_err2name(flushed)} after ${p.reports.all.length} reports ${p.reports.errors}`);
  p.reports.verify(opaques, err);
  return id;
}
