// The 61 bytes in front of the records of a batch (magic 2). @thread any
import { crc32c } from '../rd/crc32c.ts';
import { RecordError } from './record_error.ts';

/*  at  bytes                          at  bytes
 *   0  8  baseOffset                  27  8  baseTimestamp
 *   8  4  batchLength (from 12 on)    35  8  maxTimestamp
 *  12  4  partitionLeaderEpoch        43  8  producerId
 *  16  1  magic                       51  2  producerEpoch
 *  17  4  crc (CRC-32C from 21 on)    53  4  baseSequence
 *  21  2  attributes                  57  4  count
 *  23  4  lastOffsetDelta             61     records
 */
export const HEADER_SIZE = 61;
/** Where batchLength starts counting. */
export const LENGTH_FROM = 12;
/** Where the bytes that the checksum covers begin. */
export const CRC_FROM = 21;
export const MAGIC = 2;
const MAGIC_AT = 16;
const CRC_AT = 17;

/** Bits of `attributes`; the three lowest are the compression (compression/registry). */
export const LOG_APPEND_TIME = 0x08;
export const TRANSACTIONAL = 0x10;
export const CONTROL = 0x20;

/** A 64-bit field read as NaN lies beyond +-(2^53 - 1): a timestamp is then not available, -1 means that there is none. */
export interface BatchHeader {
  baseOffset: number;
  batchLength: number;
  partitionLeaderEpoch: number;
  magic: number;
  /** 0 to 2^32 - 1. */
  crc: number;
  attributes: number;
  lastOffsetDelta: number;
  baseTimestamp: number;
  maxTimestamp: number;
  producerId: number;
  producerEpoch: number;
  baseSequence: number;
  count: number;
}

/** Writes all 61 bytes at `at`, the checksum as given: settleCrc or setCrc put the right one there afterwards. */
export function writeBatchHeader(u8: Uint8Array, at: number, header: BatchHeader): void {
  setInt64(u8, at, header.baseOffset);
  setInt32(u8, at + 8, header.batchLength);
  setInt32(u8, at + 12, header.partitionLeaderEpoch);
  u8[at + MAGIC_AT] = header.magic;
  setInt32(u8, at + CRC_AT, header.crc);
  setInt16(u8, at + 21, header.attributes);
  setInt32(u8, at + 23, header.lastOffsetDelta);
  setInt64(u8, at + 27, header.baseTimestamp);
  setInt64(u8, at + 35, header.maxTimestamp);
  setInt64(u8, at + 43, header.producerId);
  setInt16(u8, at + 51, header.producerEpoch);
  setInt32(u8, at + 53, header.baseSequence);
  setInt32(u8, at + 57, header.count);
}

/**
 * Reads the header of a batch of magic 2 at `at`. Throws RecordError when fewer than 61 bytes are left before `end`;
 * judges nothing else.
 */
export function readBatchHeader(u8: Uint8Array, at: number, end: number): BatchHeader {
  if (end - at < HEADER_SIZE) throw new RecordError('batch header', `${end - at} bytes left of ${HEADER_SIZE}`);
  return {
    baseOffset: int64(u8, at),
    batchLength: int32(u8, at + 8),
    partitionLeaderEpoch: int32(u8, at + 12),
    magic: magicAt(u8, at),
    crc: int32(u8, at + CRC_AT) >>> 0,
    attributes: int16(u8, at + 21),
    lastOffsetDelta: int32(u8, at + 23),
    baseTimestamp: int64(u8, at + 27),
    maxTimestamp: int64(u8, at + 35),
    producerId: int64(u8, at + 43),
    producerEpoch: int16(u8, at + 51),
    baseSequence: int32(u8, at + 53),
    count: int32(u8, at + 57),
  };
}

/** The magic of the batch (or, below 2, of the message) at `at`, of which at least 17 bytes are there. */
export function magicAt(u8: Uint8Array, at: number): number {
  return u8[at + MAGIC_AT]!;
}

/** batchLength (or, below magic 2, the message size) at `at`: bytes that follow the first 12. */
export function lengthAt(u8: Uint8Array, at: number): number {
  return int32(u8, at + 8);
}

/** The base offset at `at`; NaN beyond 2^53. */
export function baseOffsetAt(u8: Uint8Array, at: number): number {
  return int64(u8, at);
}

/** Gives the batch at `at` its place in the log; the checksum does not cover it. */
export function setBaseOffset(u8: Uint8Array, at: number, baseOffset: number): void {
  setInt64(u8, at, baseOffset);
}

/** The checksum does not cover it. */
export function setPartitionLeaderEpoch(u8: Uint8Array, at: number, epoch: number): void {
  setInt32(u8, at + 12, epoch);
}

/** Marks the batch at `at` as stamped by the broker at `timestamp` (ms); the checksum must be settled afterwards. */
export function setLogAppendTime(u8: Uint8Array, at: number, timestamp: number): void {
  u8[at + 22] = u8[at + 22]! | LOG_APPEND_TIME;
  setInt64(u8, at + 35, timestamp);
}

/** The checksum over the covered part of the header at `at`: the seed for the records that follow. */
export function headerCrc(u8: Uint8Array, at: number): number {
  return crc32c(u8.subarray(at + CRC_FROM, at + HEADER_SIZE));
}

export function setCrc(u8: Uint8Array, at: number, crc: number): void {
  setInt32(u8, at + CRC_AT, crc);
}

/** Computes the checksum of the batch in u8[at, end) and writes it into its header. */
export function settleCrc(u8: Uint8Array, at: number, end: number): void {
  setCrc(u8, at, crc32c(u8.subarray(at + CRC_FROM, end)));
}

function int16(u8: Uint8Array, at: number): number {
  return ((u8[at]! << 24) >> 16) | u8[at + 1]!;
}

/** Big-endian, as is int64. The caller has made sure that the bytes are there. */
export function int32(u8: Uint8Array, at: number): number {
  return (u8[at]! << 24) | (u8[at + 1]! << 16) | (u8[at + 2]! << 8) | u8[at + 3]!;
}

/** NaN beyond +-(2^53 - 1). */
export function int64(u8: Uint8Array, at: number): number {
  const value = int32(u8, at) * 0x100000000 + (int32(u8, at + 4) >>> 0);
  return Number.isSafeInteger(value) ? value : Number.NaN;
}

function setInt16(u8: Uint8Array, at: number, value: number): void {
  u8[at] = value >> 8;
  u8[at + 1] = value;
}

function setInt32(u8: Uint8Array, at: number, value: number): void {
  u8[at] = value >> 24;
  u8[at + 1] = value >> 16;
  u8[at + 2] = value >> 8;
  u8[at + 3] = value;
}

function setInt64(u8: Uint8Array, at: number, value: number): void {
  setInt32(u8, at, Math.floor(value / 0x100000000));
  setInt32(u8, at + 4, value >>> 0);
}
