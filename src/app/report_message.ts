// The message that dr_msg_cb gets. Payload and key are copied out of the batch when first read inside the callback;
// afterwards the memory is the next batch's (api.md rule 9).
// @thread app

import type { rd_kafka_msg_status_t, rd_kafka_resp_err_t, rd_kafka_timestamp_type_t } from '../defs/enums.ts';
import { HeaderList } from '../defs/headers.ts';
import { lastHeader, type MessageParts, NO_HEADERS } from '../defs/message.ts';
import type { rd_kafka_topic_t } from '../defs/types.ts';
import { GONE } from '../rd/check.ts';
import { type RecordCursor, readHeadersAt } from '../records/record_reader.ts';
import type { LiveBatch, Reported } from './reports.ts';
import { now } from './thread.ts';
import { wallClock } from './wall.ts';

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
  private readonly keyFrom: number;
  private readonly keyTo: number;
  private readonly valueFrom: number;
  private readonly valueTo: number;
  private readonly headersFrom: number;
  private readonly headersTo: number;
  private readonly headerCount: number;
  /** null once the callback has returned. */
  private bytes: Buffer | null;
  private valueCopy: Buffer | null | undefined;
  private keyCopy: Buffer | null | undefined;
  private headersCopy: HeaderList | null | undefined;

  constructor(
    entry: Reported,
    batch: LiveBatch,
    bytes: Buffer,
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
    this.keyFrom = at.keyFrom;
    this.keyTo = at.keyTo;
    this.valueFrom = at.valueFrom;
    this.valueTo = at.valueTo;
    this.headersFrom = at.headersFrom;
    this.headersTo = at.next;
    this.headerCount = at.headerCount;
    this.bytes = bytes;
    this.valueCopy = undefined;
    this.keyCopy = undefined;
    this.headersCopy = undefined;
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
    if (this.valueCopy === undefined) this.valueCopy = this.copy('payload', this.valueFrom, this.valueTo);
    return this.valueCopy;
  }

  get value(): Buffer | null {
    return this.payload;
  }

  get key(): Buffer | null {
    if (this.keyCopy === undefined) this.keyCopy = this.copy('key', this.keyFrom, this.keyTo);
    return this.keyCopy;
  }

  get len(): number {
    return this.valueTo < 0 ? 0 : this.valueTo - this.valueFrom;
  }

  get key_len(): number {
    return this.keyTo < 0 ? 0 : this.keyTo - this.keyFrom;
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
    if (this.headersCopy !== undefined) return this.headersCopy;
    if (this.headerCount === 0) this.headersCopy = null;
    else {
      const list = new HeaderList();
      list.list.push(...readHeadersAt(this.memory('headers'), this.headersFrom, this.headersTo, this.headerCount));
      this.headersCopy = list;
    }
    return this.headersCopy;
  }

  headerError(): rd_kafka_resp_err_t {
    return 0;
  }

  setHeaderList(headers: HeaderList | null): void {
    this.headersCopy = headers;
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

  private copy(what: string, from: number, to: number): Buffer | null {
    return to < 0 ? null : Buffer.from(this.memory(what).subarray(from, to));
  }

  private memory(what: string): Buffer {
    if (this.bytes !== null) return this.bytes;
    throw new TypeError(
      `${what} of a delivery report can be read for the first time only inside the callback: read it there and keep the result`,
    );
  }
}
