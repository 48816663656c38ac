// What consumer_poll hands out: a record, or an error in its place.
// @thread app

import type { rd_kafka_msg_status_t, rd_kafka_resp_err_t, rd_kafka_timestamp_type_t } from '../defs/enums.ts';
import { HeaderList } from '../defs/headers.ts';
import { lastHeader, type MessageParts, NO_HEADERS } from '../defs/message.ts';
import type { rd_kafka_topic_t } from '../defs/types.ts';
import type { FetchedBatch } from '../ops/ops.ts';
import { GONE } from '../rd/check.ts';
import { type RecordCursor, readHeadersAt } from '../records/record_reader.ts';
import type { Chunks } from './chunks.ts';
import type { Topic } from './topic.ts';

const BAD_MSG = -199;

abstract class AnyMessage implements MessageParts {
  err: rd_kafka_resp_err_t;
  readonly rkt: rd_kafka_topic_t | null;
  partition: number;
  payload: Buffer | null;
  key: Buffer | null;
  offset: number;
  _private: any;
  '~gone': string;

  constructor(
    err: number,
    rkt: Topic | null,
    partition: number,
    payload: Buffer | null,
    key: Buffer | null,
    offset: number,
  ) {
    this.err = err as rd_kafka_resp_err_t;
    this.rkt = rkt;
    this.partition = partition;
    this.payload = payload;
    this.key = key;
    this.offset = offset;
    this._private = null;
    this[GONE] = '';
  }

  get '~type'(): 'rd_kafka_message_t' {
    return 'rd_kafka_message_t';
  }

  get topic(): string {
    return this.rkt === null ? '' : (this.rkt as Topic).name;
  }

  get value(): Buffer | null {
    return this.payload;
  }

  get len(): number {
    return this.payload === null ? 0 : this.payload.length;
  }

  get key_len(): number {
    return this.key === null ? 0 : this.key.length;
  }

  get status(): rd_kafka_msg_status_t {
    return 2;
  }

  get brokerId(): number {
    return -1;
  }

  get deliveryCount(): number {
    return 0;
  }

  get headers(): readonly (readonly [string, Buffer | null])[] {
    return this.headerList()?.list ?? NO_HEADERS;
  }

  header(name: string): Buffer | null | undefined {
    return lastHeader(this.headerList(), name);
  }

  latencyUs(): number {
    return -1;
  }

  produceErrorText(): string | null {
    return null;
  }

  destroy(): void {
    this[GONE] = 'has been destroyed';
    this.payload = null;
    this.key = null;
  }

  [Symbol.dispose](): void {
    if (this[GONE] === '') this.destroy();
  }

  abstract get timestamp(): number;
  abstract get timestampType(): rd_kafka_timestamp_type_t;
  abstract get leaderEpoch(): number;
  abstract errorText(): string | null;
  abstract headerList(): HeaderList | null;
  abstract headerError(): rd_kafka_resp_err_t;
  abstract setHeaderList(headers: HeaderList | null): void;
}

export class ConsumedMessage extends AnyMessage {
  readonly timestamp: number;
  readonly timestampType: rd_kafka_timestamp_type_t;
  readonly leaderEpoch: number;
  private readonly broker: number;
  private readonly headerBytes: Buffer | null;
  private readonly headerCount: number;
  private parsed: HeaderList | null | undefined;
  private bad: boolean;

  constructor(
    rkt: Topic,
    partition: number,
    offset: number,
    payload: Buffer | null,
    key: Buffer | null,
    headerBytes: Buffer | null,
    headerCount: number,
    batch: FetchedBatch,
    delta: number,
  ) {
    super(0, rkt, partition, payload, key, offset);
    const created = batch.appendTime >= 0 ? batch.appendTime : batch.baseTimestamp + delta;
    // Beyond 2^53 it reads as NaN: not available (api.md rule 15).
    this.timestamp = created >= 0 ? created : -1;
    this.timestampType = this.timestamp < 0 ? 0 : batch.appendTime >= 0 ? 2 : 1;
    this.leaderEpoch = batch.leaderEpoch;
    this.broker = batch.broker;
    this.headerBytes = headerBytes;
    this.headerCount = headerCount;
    this.parsed = undefined;
    this.bad = false;
  }

  /** Copies the record that `at` stands on out of its block. */
  static of(
    rkt: Topic,
    partition: number,
    offset: number,
    batch: FetchedBatch,
    bytes: Buffer,
    at: RecordCursor,
    chunks: Chunks,
  ): ConsumedMessage {
    const payload = at.valueTo < 0 ? null : chunks.copy(bytes, at.valueFrom, at.valueTo);
    const key = at.keyTo < 0 ? null : chunks.copy(bytes, at.keyFrom, at.keyTo);
    const headers = at.headerCount === 0 ? null : chunks.copy(bytes, at.headersFrom, at.next);
    return new ConsumedMessage(rkt, partition, offset, payload, key, headers, at.headerCount, batch, at.timestampDelta);
  }

  override get brokerId(): number {
    return this.broker;
  }

  errorText(): string | null {
    return null;
  }

  headerList(): HeaderList | null {
    if (this.parsed !== undefined) return this.parsed;
    this.parsed = null;
    if (this.headerBytes === null) return null;
    try {
      const list = new HeaderList();
      list.list.push(...readHeadersAt(this.headerBytes, 0, this.headerBytes.length, this.headerCount));
      this.parsed = list;
    } catch {
      this.bad = true;
    }
    return this.parsed;
  }

  headerError(): rd_kafka_resp_err_t {
    this.headerList();
    return this.bad ? BAD_MSG : 0;
  }

  setHeaderList(headers: HeaderList | null): void {
    this.parsed = headers ?? undefined;
  }
}

/** A consumer's error: its payload is the text, as in C. */
export class ErrorMessage extends AnyMessage {
  private readonly text: string;

  constructor(err: number, text: string, rkt: Topic | null, partition: number, offset: number) {
    super(err, rkt, partition, Buffer.from(text), null, offset);
    this.text = text;
  }

  get timestamp(): number {
    return -1;
  }

  get timestampType(): rd_kafka_timestamp_type_t {
    return 0;
  }

  get leaderEpoch(): number {
    return -1;
  }

  errorText(): string | null {
    return this.text;
  }

  headerList(): HeaderList | null {
    return null;
  }

  headerError(): rd_kafka_resp_err_t {
    return 0;
  }

  setHeaderList(): void {}
}
