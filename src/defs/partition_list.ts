// rd_kafka_topic_partition_list_t: a list of live entries, and the plain forms that calls take in its place (api.md
// rule 21). @thread any

import {
  checkArray,
  checkBytes,
  checkInt,
  checkInt32,
  checkInt64,
  checkString,
  destroyedError,
  GONE,
  typeError,
} from '../rd/check.ts';
import { RD_KAFKA_OFFSET_INVALID, RD_KAFKA_PARTITION_UA, type rd_kafka_resp_err_t } from './enums.ts';
import { partitionKey } from './partition_key.ts';
import type {
  Bytes,
  PartitionCmp,
  rd_kafka_topic_partition_list_t,
  rd_kafka_topic_partition_t,
  TopicPartition,
  TopicPartitions,
  TopicPartitionsToFill,
} from './types.ts';

/** One live entry. */
export class PartitionEntry implements rd_kafka_topic_partition_t {
  topic: string;
  partition: number;
  offset: number = RD_KAFKA_OFFSET_INVALID;
  opaque: any = null;
  err: rd_kafka_resp_err_t = 0;
  _private: any = null;
  /** -1: not known. Read and set by topic_partition_*_leader_epoch. */
  leaderEpoch: number = -1;
  bytes: Buffer | null = null;
  '~gone': string = '';

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  get '~type'(): 'rd_kafka_topic_partition_t' {
    return 'rd_kafka_topic_partition_t';
  }

  get metadata(): Buffer | null {
    return this.bytes;
  }

  /** Keeps a copy. */
  set metadata(value: Bytes) {
    const bytes = checkBytes('rd_kafka_topic_partition_t', 'metadata', value);
    this.bytes = bytes === null || typeof value === 'string' ? (bytes as Buffer | null) : Buffer.from(bytes);
  }

  get metadata_size(): number {
    return this.bytes === null ? 0 : this.bytes.length;
  }

  /** An entry of its own; opaque is the same value, metadata is shared (never written to). */
  copy(): PartitionEntry {
    const entry = new PartitionEntry(this.topic, this.partition);
    entry.offset = this.offset;
    entry.opaque = this.opaque;
    entry.err = this.err;
    entry._private = this._private;
    entry.leaderEpoch = this.leaderEpoch;
    entry.bytes = this.bytes;
    return entry;
  }

  destroy(): void {
    this[GONE] = 'has been destroyed';
  }

  [Symbol.dispose](): void {
    this.destroy();
  }
}

/** Lists from here on are worth remembering where things are. */
const LONG = 64;

/**
 * Where each partition of a list was when it was last looked for. The application changes entries and `elems` as it
 * likes, so a place counts only when the entry is still there, and nothing is concluded from one that is missing.
 */
class Places {
  private readonly byName: Map<string, number> = new Map();
  /** So many entries are in the map, this one as the last. */
  private known: number = 0;
  private last: PartitionEntry | null = null;

  find(elems: readonly PartitionEntry[], topic: string, partition: number): number {
    if (this.known > elems.length || (this.known > 0 && elems[this.known - 1] !== this.last)) {
      this.byName.clear();
      this.known = 0;
    }
    for (; this.known < elems.length; this.known++) {
      const entry = elems[this.known]!;
      const name = partitionKey(entry.topic, entry.partition);
      if (!this.byName.has(name)) this.byName.set(name, this.known);
    }
    this.last = elems.at(-1) ?? null;
    const place = this.byName.get(partitionKey(topic, partition)) ?? -1;
    const entry = elems[place];
    return entry !== undefined && entry.partition === partition && entry.topic === topic ? place : -1;
  }
}

export class PartitionList implements rd_kafka_topic_partition_list_t {
  readonly elems: PartitionEntry[] = [];
  '~gone': string = '';
  // Not more than a hint in JavaScript: nothing is allocated for it.
  capacity: number;
  /** Of a long list in which something was looked for; null for others. */
  private places: Places | null = null;

  constructor(capacity: number = 0) {
    this.capacity = capacity;
  }

  get '~type'(): 'rd_kafka_topic_partition_list_t' {
    return 'rd_kafka_topic_partition_list_t';
  }

  get cnt(): number {
    return this.elems.length;
  }

  set cnt(value: number) {
    this.elems.length = checkInt('rd_kafka_topic_partition_list_t', 'cnt', value, 0, this.elems.length);
  }

  get size(): number {
    return Math.max(this.capacity, this.elems.length);
  }

  [Symbol.iterator](): IterableIterator<PartitionEntry> {
    return this.elems[Symbol.iterator]();
  }

  /** Appends an entry; there may be another one of the same name and number. */
  add(topic: string, partition: number): PartitionEntry {
    const entry = new PartitionEntry(topic, partition);
    this.elems.push(entry);
    return entry;
  }

  /** Index of the first entry of that topic and partition, or -1. */
  indexOf(topic: string, partition: number): number {
    const { elems } = this;
    if (elems.length >= LONG) {
      this.places ??= new Places();
      const place = this.places.find(elems, topic, partition);
      if (place >= 0) return place;
    }
    for (let i = 0; i < elems.length; i++) {
      const entry = elems[i]!;
      if (entry.partition === partition && entry.topic === topic) return i;
    }
    return -1;
  }

  find(topic: string, partition: number): PartitionEntry | null {
    return this.elems[this.indexOf(topic, partition)] ?? null;
  }

  /** By `cmp`, or by topic and then partition. */
  sort(cmp: PartitionCmp | null, opaque: any): void {
    this.places = null;
    if (cmp === null) this.elems.sort(byTopicAndPartition);
    else this.elems.sort((a, b) => cmp(a, b, opaque));
  }

  copy(): PartitionList {
    const copy = new PartitionList(this.size);
    for (const entry of this.elems) copy.elems.push(entry.copy());
    return copy;
  }

  destroy(): void {
    this[GONE] = 'has been destroyed';
  }

  [Symbol.dispose](): void {
    this.destroy();
  }
}

/**
 * The list that a call reads: the list itself, or a new one with the entries of an array, where a string is a topic.
 * Every entry is checked, live ones too, since the application writes to them.
 */
export function partitionsFrom(fn: string, param: string, input: TopicPartitions): PartitionList {
  return listFrom(fn, param, input, true);
}

/** The same for a call that fills the list in: strings are refused, since nothing can be written into them. */
export function partitionsToFill(fn: string, param: string, input: TopicPartitionsToFill): PartitionList {
  return listFrom(fn, param, input, false);
}

/** Writes offset, metadata and err of `list` into the objects it was made from; a list given as such has them already. */
export function fillPartitions(input: TopicPartitionsToFill, list: PartitionList): void {
  if (!Array.isArray(input)) return;
  for (const [i, target] of (input as TopicPartition[]).entries()) {
    const entry = list.elems[i];
    if (entry === undefined) return;
    target.offset = entry.offset;
    target.metadata = entry.metadata;
    target.err = entry.err;
  }
}

function listFrom(fn: string, param: string, input: TopicPartitions, strings: boolean): PartitionList {
  if (typeof input === 'object' && input !== null && '~type' in input) {
    const list = input as PartitionList;
    if (list['~type'] !== 'rd_kafka_topic_partition_list_t') throw typeError(fn, param, 'a list', input);
    if (list[GONE]) throw destroyedError(fn, param, list[GONE]);
    list.elems.forEach((entry, i) => {
      if ((entry as PartitionEntry | null)?.['~type'] !== 'rd_kafka_topic_partition_t') {
        throw typeError(fn, `${param}.elems[${i}]`, 'a rd_kafka_topic_partition_t', entry);
      }
      checkEntry(fn, `${param}.elems[${i}]`, entry);
    });
    return list;
  }
  const items = checkArray(fn, param, input as readonly (string | TopicPartition)[]);
  const list = new PartitionList(items.length);
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    const what = `${param}[${i}]`;
    if (typeof item === 'string' && strings) list.add(checkString(fn, what, item), RD_KAFKA_PARTITION_UA);
    else list.elems.push(entryFrom(fn, what, item, strings));
  }
  return list;
}

function entryFrom(fn: string, what: string, item: unknown, strings: boolean): PartitionEntry {
  if (typeof item !== 'object' || item === null) {
    throw typeError(
      fn,
      what,
      strings ? 'a topic name or { topic, partition }' : 'an object { topic, partition }',
      item,
    );
  }
  const { topic, partition, offset, metadata } = item as TopicPartition;
  const entry = new PartitionEntry(topic, partition ?? RD_KAFKA_PARTITION_UA);
  if (offset !== undefined) entry.offset = offset;
  checkEntry(fn, what, entry);
  checkBytes(fn, `${what}.metadata`, metadata);
  if (metadata !== undefined) entry.metadata = metadata;
  return entry;
}

function checkEntry(fn: string, what: string, entry: { topic: unknown; partition: unknown; offset: unknown }): void {
  checkString(fn, `${what}.topic`, entry.topic);
  checkInt32(fn, `${what}.partition`, entry.partition);
  checkInt64(fn, `${what}.offset`, entry.offset);
}

function byTopicAndPartition(a: PartitionEntry, b: PartitionEntry): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return a.partition - b.partition;
}
