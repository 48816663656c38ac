// A record that is not encoded yet, as a partitioner or an order of the user's sees it. @thread app
import type { rd_kafka_resp_err_t } from '../defs/enums.ts';
import type { rd_kafka_message_t } from '../defs/types.ts';
import { GONE } from '../rd/check.ts';
import type { RecordHeaders } from '../records/record_writer.ts';
import { Awaited } from './awaited.ts';
import type { Topic } from './topic.ts';

const OFFSET_INVALID = -1001;

export class HeldRecord implements rd_kafka_message_t {
  err: rd_kafka_resp_err_t;
  partition: number;
  offset: number;
  /** As partitioners and orders see it. */
  _private: any;
  /** As the report wants it. */
  readonly opaque: any;
  '~gone': string;
  readonly rkt: Topic;
  key: Buffer | null;
  payload: Buffer | null;
  list: RecordHeaders | null;
  /** The record's time, and whether the caller gave it. */
  readonly stamp: number;
  readonly ownTimestamp: boolean;
  /** When it was produced, by the clock of deadlines. */
  readonly at: number;
  /** The partition that the caller named; -1 for the partitioner. */
  wanted: number;
  /** The count of partitions that the partitioner was last asked with. */
  tried: number;

  constructor(
    topic: Topic,
    wanted: number,
    key: Buffer | null,
    value: Buffer | null,
    headers: RecordHeaders | null,
    stamp: number,
    ownTimestamp: boolean,
    opaque: any,
    at: number,
  ) {
    this.err = 0;
    this.partition = wanted;
    this.offset = OFFSET_INVALID;
    this._private = opaque instanceof Awaited ? (opaque.opaque ?? null) : opaque;
    this.opaque = opaque;
    this[GONE] = '';
    this.rkt = topic;
    this.key = key;
    this.payload = value;
    this.list = headers;
    this.stamp = stamp;
    this.ownTimestamp = ownTimestamp;
    this.at = at;
    this.wanted = wanted;
    this.tried = -1;
  }

  /** Copies what is the caller's, who may write over it once produce has returned. */
  keep(): this {
    if (this.key !== null) this.key = Buffer.from(this.key);
    if (this.payload !== null) this.payload = Buffer.from(this.payload);
    this.list = this.list?.map(([name, value]) => [name, value === null ? null : Buffer.from(value)] as const) ?? null;
    return this;
  }

  get '~type'(): 'rd_kafka_message_t' {
    return 'rd_kafka_message_t';
  }

  /** Bytes of key and value, as a batch counts them. */
  get size(): number {
    return this.key_len + this.len;
  }

  get topic(): string {
    return this.rkt.name;
  }

  get len(): number {
    return this.payload?.length ?? 0;
  }

  get key_len(): number {
    return this.key?.length ?? 0;
  }

  get value(): Buffer | null {
    return this.payload;
  }

  get timestamp(): number {
    return this.stamp;
  }

  get headers(): readonly (readonly [string, Buffer | null])[] {
    return (this.list ?? []).map(
      ([name, value]) => [String(name), value === null ? null : Buffer.from(value)] as const,
    );
  }

  header(name: string): Buffer | null | undefined {
    return this.headers.findLast(([each]) => each === name)?.[1];
  }

  destroy(): void {}

  [Symbol.dispose](): void {}
}
