// The tags of producev: RD_KAFKA_V_*(...). A tag holds what it was given; producev checks and copies it. @thread any
import {
  RD_KAFKA_VTYPE_HEADER,
  RD_KAFKA_VTYPE_HEADERS,
  RD_KAFKA_VTYPE_KEY,
  RD_KAFKA_VTYPE_MSGFLAGS,
  RD_KAFKA_VTYPE_OPAQUE,
  RD_KAFKA_VTYPE_PARTITION,
  RD_KAFKA_VTYPE_RKT,
  RD_KAFKA_VTYPE_TIMESTAMP,
  RD_KAFKA_VTYPE_TOPIC,
  RD_KAFKA_VTYPE_VALUE,
  type rd_kafka_vtype_t,
} from './enums.ts';
import type { Bytes, rd_kafka_headers_t, rd_kafka_topic_t, rd_kafka_vu_s } from './types.ts';

/** One tag: flat, and of one shape for all types, because a message on the hot path makes several. */
export class Vu {
  readonly vtype: rd_kafka_vtype_t;
  /** Bytes, string, number, handle or opaque, by vtype; of a header its value. */
  readonly value: any;
  /** Of a header its name, else ''. */
  readonly name: string;
  constructor(vtype: rd_kafka_vtype_t, value: any, name: string) {
    this.vtype = vtype;
    this.value = value;
    this.name = name;
  }
}

/** What RD_KAFKA_V_* return, or C's struct. */
export type rd_kafka_vu_t = Vu | rd_kafka_vu_s;

/** Topic name; a topic that is not known yet is looked up. */
export function RD_KAFKA_V_TOPIC(topic: string): Vu {
  return new Vu(RD_KAFKA_VTYPE_TOPIC, topic, '');
}
/** Topic handle, in place of a name. */
export function RD_KAFKA_V_RKT(rkt: rd_kafka_topic_t): Vu {
  return new Vu(RD_KAFKA_VTYPE_RKT, rkt, '');
}
/** Partition; RD_KAFKA_PARTITION_UA (the default) lets the partitioner choose. */
export function RD_KAFKA_V_PARTITION(partition: number): Vu {
  return new Vu(RD_KAFKA_VTYPE_PARTITION, partition, '');
}
/** Value; null and empty differ. */
export function RD_KAFKA_V_VALUE(value: Bytes): Vu {
  return new Vu(RD_KAFKA_VTYPE_VALUE, value, '');
}
/** Key; null and empty differ. */
export function RD_KAFKA_V_KEY(key: Bytes): Vu {
  return new Vu(RD_KAFKA_VTYPE_KEY, key, '');
}
/** Comes back as `_private` of the report. */
export function RD_KAFKA_V_OPAQUE(opaque: any): Vu {
  return new Vu(RD_KAFKA_VTYPE_OPAQUE, opaque, '');
}
/** RD_KAFKA_MSG_F_*; only F_BLOCK changes anything here. */
export function RD_KAFKA_V_MSGFLAGS(msgflags: number): Vu {
  return new Vu(RD_KAFKA_VTYPE_MSGFLAGS, msgflags, '');
}
/** Milliseconds since 1970; 0 means now. */
export function RD_KAFKA_V_TIMESTAMP(timestamp_ms: number): Vu {
  return new Vu(RD_KAFKA_VTYPE_TIMESTAMP, timestamp_ms, '');
}
/** One header; may be repeated, not together with RD_KAFKA_V_HEADERS. */
export function RD_KAFKA_V_HEADER(name: string, value: Bytes): Vu {
  return new Vu(RD_KAFKA_VTYPE_HEADER, value, name);
}
/** All headers; taken over when the call succeeds, still yours when it fails. */
export function RD_KAFKA_V_HEADERS(headers: rd_kafka_headers_t): Vu {
  return new Vu(RD_KAFKA_VTYPE_HEADERS, headers, '');
}
