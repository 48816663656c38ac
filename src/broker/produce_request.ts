// Builds the frame of a Produce request around record memory that is not copied: the hand-written twin of
// protocol/schemas/produce.ts, checked against it by test/unit/broker/produce_request.test.ts.
// @thread broker

import { pieces, type TakenBatch } from '../ops/batch_owner.ts';
import type { HandleMemory } from '../ops/memory.ts';
import { crc32c } from '../rd/crc32c.ts';
import { HEADER_SIZE, writeBatchHeader } from '../records/batch_header.ts';
import type { Partition } from './partition.ts';

/** Record batches v2 need version 3; from 13 on topics go by id. */
export const MIN_VERSION = 3;
export const MAX_VERSION = 12;
const FIRST_FLEXIBLE = 9;
const API_KEY = 0;
/** The CRC covers what lies behind it: attributes, the rest of the header, the records. */
const CRC_FROM = 21;

export interface Outgoing {
  readonly part: Partition;
  readonly batch: TakenBatch;
}

class Head {
  bytes: Buffer;
  at: number;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size);
    this.at = 0;
  }

  int16(value: number): void {
    this.at = this.bytes.writeInt16BE(value, this.at);
  }

  int32(value: number): void {
    this.at = this.bytes.writeInt32BE(value, this.at);
  }

  unsignedVarint(value: number): void {
    let rest = value;
    while (rest > 127) {
      this.bytes[this.at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.bytes[this.at++] = rest;
  }

  tags(): void {
    this.bytes[this.at++] = 0;
  }

  string(bytes: Uint8Array, flexible: boolean): void {
    if (flexible) this.unsignedVarint(bytes.length + 1);
    else this.int16(bytes.length);
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }

  length(value: number, flexible: boolean): void {
    if (flexible) this.unsignedVarint(value + 1);
    else this.int32(value);
  }
}

/**
 * The whole frame in pieces. `out` is sorted by topic, one batch a partition. The header memory is of this request
 * alone, the record memory is only read until the write is done.
 */
export function produceFrame(
  memory: HandleMemory,
  out: readonly Outgoing[],
  clientId: Uint8Array,
  acks: number,
  timeoutMs: number,
  version: number,
  correlationId: number,
): Uint8Array[] {
  const flexible = version >= FIRST_FLEXIBLE;
  const frame: Uint8Array[] = [];
  let room = 64 + clientId.length;
  for (const { part } of out) room += 24 + part.topicBytes.length + HEADER_SIZE;
  const head = new Head(room);
  head.int32(0);
  head.int16(API_KEY);
  head.int16(version);
  head.int32(correlationId);
  head.int16(clientId.length);
  head.bytes.set(clientId, head.at);
  head.at += clientId.length;
  if (flexible) head.tags();
  if (flexible) head.unsignedVarint(0);
  else head.int16(-1);
  head.int16(acks);
  head.int32(timeoutMs);
  let topics = 0;
  for (let i = 0; i < out.length; i++) if (i === 0 || out[i]!.part.topic !== out[i - 1]!.part.topic) topics++;
  head.length(topics, flexible);
  let from = 0;
  let bodyBytes = 0;
  for (let i = 0; i < out.length; i++) {
    const { part, batch } = out[i]!;
    if (i === 0 || part.topic !== out[i - 1]!.part.topic) openTopic(head, out, i, flexible);
    head.int32(part.number);
    const records = batch.compressed === null ? batch.bytes : batch.compressed.length;
    head.length(HEADER_SIZE + records, flexible);
    const headerAt = head.at;
    head.at += HEADER_SIZE;
    const cut = frame.length + 1;
    frame.push(head.bytes.subarray(from, head.at));
    if (batch.compressed === null) pieces(memory, batch, frame);
    else frame.push(batch.compressed);
    writeHeader(head.bytes, headerAt, part, batch, records, frame, cut);
    bodyBytes += records;
    from = head.at;
    if (flexible) head.tags();
    const lastOfTopic = i + 1 === out.length || out[i + 1]!.part.topic !== part.topic;
    if (lastOfTopic && flexible) head.tags();
  }
  if (flexible) head.tags();
  if (head.at > from) frame.push(head.bytes.subarray(from, head.at));
  head.bytes.writeInt32BE(head.at + bodyBytes - 4, 0);
  return frame;
}

function openTopic(head: Head, out: readonly Outgoing[], at: number, flexible: boolean): void {
  const topic = out[at]!.part;
  head.string(topic.topicBytes, flexible);
  let count = 1;
  while (at + count < out.length && out[at + count]!.part.topic === topic.topic) count++;
  head.length(count, flexible);
}

function writeHeader(
  bytes: Buffer,
  at: number,
  part: Partition,
  batch: TakenBatch,
  records: number,
  frame: readonly Uint8Array[],
  firstPiece: number,
): void {
  writeBatchHeader(bytes, at, {
    baseOffset: 0,
    batchLength: HEADER_SIZE - 12 + records,
    partitionLeaderEpoch: -1,
    magic: 2,
    crc: 0,
    attributes: batch.compressed === null ? 0 : part.codecBits,
    lastOffsetDelta: batch.count - 1,
    baseTimestamp: batch.firstTimestamp,
    maxTimestamp: batch.maxTimestamp,
    producerId: part.sequence?.id ?? -1,
    producerEpoch: part.sequence?.epoch ?? -1,
    baseSequence: batch.sequence,
    count: batch.count,
  });
  let crc = crc32c(bytes.subarray(at + CRC_FROM, at + HEADER_SIZE));
  for (let i = firstPiece; i < frame.length; i++) crc = crc32c(frame[i]!, crc);
  bytes.writeUInt32BE(crc, at + CRC_FROM - 4);
}
