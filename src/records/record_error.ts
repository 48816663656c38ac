// What a broken or unreadable batch or record ends in. @thread any
import { RD_KAFKA_RESP_ERR__BAD_MSG } from '../defs/enums.ts';

/**
 * `code` is RD_KAFKA_RESP_ERR__BAD_MSG (broken), __BAD_COMPRESSION or __NOT_IMPLEMENTED (a format that comes later);
 * `field` names what was wrong. From the batch reader `baseOffset` and `lastOffset` say which offsets are lost when
 * known, else -1.
 */
export class RecordError extends Error {
  override readonly name = 'RecordError';
  readonly code: number;
  readonly field: string;
  readonly baseOffset: number;
  readonly lastOffset: number;

  constructor(
    field: string,
    problem: string,
    code: number = RD_KAFKA_RESP_ERR__BAD_MSG,
    baseOffset = -1,
    lastOffset = -1,
  ) {
    super(`${field}: ${problem}`);
    this.code = code;
    this.field = field;
    this.baseOffset = baseOffset;
    this.lastOffset = lastOffset;
  }
}
