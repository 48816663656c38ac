// The message that dr_msg_cb gets. Payload and key are copied out of the batch when first read inside the callback;
// afterwards the memory is the next batch's (api.md rule 9).
// @thread app

import type { rd_kafka_msg_status_t, rd_kafka_resp_err_t, rd_kafka_timestamp_type_t } from '../defs/enums.ts';
import { HeaderList } from '../defs/headers.ts';
import { lastHeader, type MessageParts, NO_HEADERS } from '../defs/message.ts';
import type { rd_kafka_topic_t } from '../defs/types.ts';
import { GONE } from '../rd/check.ts';
import { RecordCursor, readHeadersAt } from '../records/record_reader.ts';
import type { LiveBatch } from './live_batch.ts';
import type { Reported } from './reports.ts';
import { now } from './thread.ts';
import { wallClock } from './wall.ts';

/** What few callbacks ask for, read at first use. */
class Copies {
  value: Buffer | null | undefined = undefined;
  key: Buffer | null | undefined = undefined;
  headers: HeaderList | null | undefined = undefined;
}

/** One is made for each report, so its fields are as few as can be. */
export class ReportMessage implements MessageParts {
  err: rd_kafka_resp_err_t;
  partition: number;
  offset: number;
  _private: any;
  '~gone': string;
  private readonly batch: LiveBatch;
  private readonly entry: Reported;
  private readonly text: string | null;
  private readonly timestampDelta: number;
  /** Where the record begins in `bytes`, and the lengths of its parts, -1 for null. */
  private readonly from: number;
  private readonly keySize: number;
  private readonly valueSize: number;
  private readonly headerCount: number;
  /** null once the callback has returned. */
  private bytes: Buffer | null;
  private copies: Copies | null;

  constructor(
    entry: Reported,
    batch: LiveBatch,
    bytes: Buffer,
    from: number,
    at: RecordCursor,
    err: number,
    text: string | null,
    partition: number,
    offset: number,
    opaque: any,
  ) {
    this.err = err as rd_kafka_resp_err_t;
    this.partition = partition;
    this.offset = offset;
    this._private = opaque;
    this[GONE] = '';
    this.batch = batch;
    this.entry = entry;
    this.text = text;
    // Mostly a small integer, which a double of the cursor's would put on the heap.
    const delta = at.timestampDelta;
    this.timestampDelta = (delta | 0) === delta ? delta | 0 : delta;
    this.from = from;
    this.keySize = at.keyTo < 0 ? -1 : at.keyTo - at.keyFrom;
    this.valueSize = at.valueTo < 0 ? -1 : at.valueTo - at.valueFrom;
    this.headerCount = at.headerCount;
    this.bytes = bytes;
    this.copies = null;
  }

  private get created(): number {
    return this.batch.firstTimestamp + this.timestampDelta;
  }

  get '~type'(): 'rd_kafka_message_t' {
    return 'rd_kafka_message_t';
  }

  get rkt(): rd_kafka_topic_t {
    return this.batch.topic;
  }

  get topic(): string {
    return this.batch.topic.name;
  }

  get payload(): Buffer | null {
    const copies = this.kept();
    if (copies.value === undefined) {
      const { valueFrom, valueTo } = this.read('payload', this.valueSize);
      copies.value = this.valueSize < 0 ? null : Buffer.from(this.bytes!.subarray(valueFrom, valueTo));
    }
    return copies.value;
  }

  get value(): Buffer | null {
    return this.payload;
  }

  get key(): Buffer | null {
    const copies = this.kept();
    if (copies.key === undefined) {
      const { keyFrom, keyTo } = this.read('key', this.keySize);
      copies.key = this.keySize < 0 ? null : Buffer.from(this.bytes!.subarray(keyFrom, keyTo));
    }
    return copies.key;
  }

  get len(): number {
    return this.valueSize < 0 ? 0 : this.valueSize;
  }

  get key_len(): number {
    return this.keySize < 0 ? 0 : this.keySize;
  }

  get timestamp(): number {
    if (this.err !== 0) return -1;
    return this.entry.appended ? this.entry.appendTime : this.created;
  }

  get timestampType(): rd_kafka_timestamp_type_t {
    if (this.err !== 0) return 0;
    return this.entry.appended ? 2 : 1;
  }

  get brokerId(): number {
    return this.entry.broker;
  }

  get leaderEpoch(): number {
    return -1;
  }

  get status(): rd_kafka_msg_status_t {
    return this.entry.status as rd_kafka_msg_status_t;
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

  /** From the record's own stamp where that was the time of the call, else from the batch's first record. */
  latencyUs(): number {
    const own = wallClock() - this.created;
    const ofBatch = now() - this.batch.openedAt;
    const ms = this.batch.ownTimestamps || own < 0 || own > ofBatch ? ofBatch : own;
    return Math.round(Math.max(ms, 0.001) * 1000);
  }

  errorText(): string | null {
    return null;
  }

  produceErrorText(): string | null {
    return this.text;
  }

  headerList(): HeaderList | null {
    const copies = this.kept();
    if (copies.headers !== undefined) return copies.headers;
    if (this.headerCount === 0) copies.headers = null;
    else {
      const list = new HeaderList();
      const { headersFrom, next } = this.read('headers', this.headerCount);
      list.list.push(...readHeadersAt(this.bytes!, headersFrom, next, this.headerCount));
      copies.headers = list;
    }
    return copies.headers;
  }

  headerError(): rd_kafka_resp_err_t {
    return 0;
  }

  setHeaderList(headers: HeaderList | null): void {
    this.kept().headers = headers;
  }

  /** The callback has returned: what was not read by now is gone. */
  expire(): void {
    this.bytes = null;
  }

  destroy(): void {
    this[GONE] = 'has been destroyed';
    this.bytes = null;
  }

  [Symbol.dispose](): void {
    if (this[GONE] === '') this.destroy();
  }

  private kept(): Copies {
    this.copies ??= new Copies();
    return this.copies;
  }

  /** Where the record's parts are; of a part that is null (`size` -1) nobody needs to know. */
  private read(what: string, size: number): RecordCursor {
    const cursor = new RecordCursor();
    if (size < 0) return cursor;
    if (this.bytes === null)
      throw new TypeError(
        `${what} of a delivery report can be read for the first time only inside the callback: read it there and keep the result`,
      );
    cursor.readOwn(this.bytes, this.from);
    return cursor;
  }
}
