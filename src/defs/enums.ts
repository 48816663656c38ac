// Every public constant and enum type of rdkafka.h under its C name (generated), and the macros that take arguments.
// @thread any
import { RD_KAFKA_OFFSET_TAIL_BASE } from './enums.generated.ts';

export * from './enums.generated.ts';

/** Logical offset `n` messages before the end of the partition (a number from 0 up). */
export function RD_KAFKA_OFFSET_TAIL(n: number): number {
  return RD_KAFKA_OFFSET_TAIL_BASE - n;
}
