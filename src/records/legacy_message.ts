// One message of the formats v0 and v1: where its parts lie, and whether they can be believed. @thread broker|main|mock
import { COMPRESSION_MASK } from '../compression/registry.ts';
import { RD_KAFKA_RESP_ERR__BAD_MSG } from '../defs/enums.ts';
import { crc32 } from '../rd/crc32.ts';
import { int32, int64, LENGTH_FROM, LOG_APPEND_TIME, lengthAt, MAGIC, magicAt } from './batch_header.ts';
import { RecordError } from './record_error.ts';

/*  at  bytes                               at  bytes
 *   0  8  offset                           16  1  magic
 *   8  4  size (from 12 on)                17  1  attributes
 *  12  4  crc (CRC-32 from 16 on)          18  8  timestamp (magic 1 only)
 *
 * Then key and value, each an int32 length (-1: null) and bytes. With a codec in the attributes the value holds more
 * such messages, and the message is their wrapper: its offset is that of the last one. Inside, magic 0 has absolute
 * offsets and magic 1 relative ones.
 */
const CRC_AT = 12;
const CRC_FROM = 16;
export const ATTRIBUTES_AT = 17;
const TIMESTAMP_AT = 18;
/** From LENGTH_FROM on: checksum, magic, attributes, key length, value length. */
const SHORTEST = 14;
const TIMESTAMP_SIZE = 8;
const NO_TIMESTAMP = -1;
/** No message is shorter. */
export const SHORTEST_MESSAGE: number = LENGTH_FROM + SHORTEST;

/** The least size that a message of magic 0 or 1 may say it has. */
export function shortestMessage(magic: number): number {
  return magic === 0 ? SHORTEST : SHORTEST + TIMESTAMP_SIZE;
}

/** Where the parts of one message lie; made once and read into many times. */
export class LegacyMessage {
  offset = 0;
  magic = 0;
  /** Codec and LOG_APPEND_TIME; other bits, which nobody ever set, are left out. */
  attributes = 0;
  /** Milliseconds; NO_TIMESTAMP where there is none, as in all of magic 0, and where it can't be a time. */
  timestamp: number = NO_TIMESTAMP;
  keyFrom = 0;
  /** -1: null, as for the value. */
  keyTo = -1;
  valueFrom = 0;
  valueTo = -1;
  /** End of the message. */
  next = 0;

  get codec(): number {
    return this.attributes & COMPRESSION_MASK;
  }

  /** Reads the message at `at`; nothing at or behind `end` is looked at. Throws RecordError, naming the field. */
  read(bytes: Uint8Array, at: number, end: number, checkCrc: boolean): void {
    this.offset = -1;
    if (end - at < SHORTEST_MESSAGE) this.fail('size', `${end - at} bytes left`);
    const offset = int64(bytes, at);
    if (!(offset >= 0)) this.fail('offset', Number.isNaN(offset) ? 'beyond 2^53' : `${offset}`);
    this.offset = offset;
    const size = lengthAt(bytes, at);
    const magic = magicAt(bytes, at);
    if (magic >= MAGIC) this.fail('magic', `${magic}`);
    const left = end - at - LENGTH_FROM;
    if (size < shortestMessage(magic) || size > left) this.fail('size', `${size} with ${left} bytes left`);
    this.magic = magic;
    this.next = at + LENGTH_FROM + size;
    if (checkCrc) this.check(bytes, at);
    const known = magic === 0 ? COMPRESSION_MASK : COMPRESSION_MASK | LOG_APPEND_TIME;
    this.attributes = bytes[at + ATTRIBUTES_AT]! & known;
    const timestamp = magic === 0 ? NO_TIMESTAMP : int64(bytes, at + TIMESTAMP_AT);
    // 0 was written by who had none.
    this.timestamp = timestamp > 0 ? timestamp : NO_TIMESTAMP;
    this.keyFrom = at + TIMESTAMP_AT + (magic === 0 ? 0 : TIMESTAMP_SIZE) + 4;
    this.keyTo = this.fieldEnd(bytes, this.keyFrom, 'key');
    this.valueFrom = Math.max(this.keyTo, this.keyFrom) + 4;
    this.valueTo = this.fieldEnd(bytes, this.valueFrom, 'value');
    const rest = this.next - Math.max(this.valueTo, this.valueFrom);
    if (rest > 0) this.fail('size', `${rest} bytes behind the value`);
  }

  key(bytes: Uint8Array): Uint8Array | null {
    return this.keyTo < 0 ? null : bytes.subarray(this.keyFrom, this.keyTo);
  }

  value(bytes: Uint8Array): Uint8Array | null {
    return this.valueTo < 0 ? null : bytes.subarray(this.valueFrom, this.valueTo);
  }

  fail(field: string, problem: string): never {
    throw new RecordError(`message ${field}`, problem, RD_KAFKA_RESP_ERR__BAD_MSG, this.offset, this.offset);
  }

  private check(bytes: Uint8Array, at: number): void {
    const crc = crc32(bytes, at + CRC_FROM, this.next);
    const said = int32(bytes, at + CRC_AT) >>> 0;
    if (crc !== said) this.fail('crc', `0x${crc.toString(16)} computed, 0x${said.toString(16)} in the message`);
  }

  /** The end of the field that begins at `from`, behind its length; -1 for null. */
  private fieldEnd(bytes: Uint8Array, from: number, field: string): number {
    const left = this.next - from;
    if (left < 0) this.fail(field, 'cut off');
    const size = int32(bytes, from - 4);
    if (size < -1 || size > left) this.fail(field, `length ${size} with ${left} bytes left`);
    return size < 0 ? -1 : from + size;
  }
}
