// Which of the negative offsets (RD_KAFKA_OFFSET_...) are good for what. @thread any
import {
  RD_KAFKA_OFFSET_BEGINNING,
  RD_KAFKA_OFFSET_END,
  RD_KAFKA_OFFSET_INVALID,
  RD_KAFKA_OFFSET_STORED,
  RD_KAFKA_OFFSET_TAIL_BASE,
} from './enums.ts';

/** Names a place in the log: an offset, BEGINNING, END or TAIL(n). */
export function isSeekable(offset: number): boolean {
  return (
    offset >= 0 ||
    offset === RD_KAFKA_OFFSET_BEGINNING ||
    offset === RD_KAFKA_OFFSET_END ||
    offset <= RD_KAFKA_OFFSET_TAIL_BASE
  );
}

/** Consuming can start there: a place in the log, or what leads to one (STORED, and INVALID for the committed one). */
export function isStartable(offset: number): boolean {
  return isSeekable(offset) || offset === RD_KAFKA_OFFSET_STORED || offset === RD_KAFKA_OFFSET_INVALID;
}
