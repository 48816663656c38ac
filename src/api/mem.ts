// Chapter "mem" of rdkafka.h: memory is the garbage collector's, so these only make Buffers. @thread app
import { constants } from 'node:buffer';
import type { rd_kafka_t } from '../defs/types.ts';
import { checkBrandOrNull, checkInt, checkSize } from '../rd/check.ts';

/** rd_kafka_mem_calloc: num * size bytes of zeros; `rk` may be null and changes nothing. */
export function mem_calloc(rk: rd_kafka_t | null, num: number, size: number): Buffer {
  checkBrandOrNull('mem_calloc', 'rk', rk, 'rd_kafka_t');
  const bytes = checkSize('mem_calloc', 'num', num) * checkSize('mem_calloc', 'size', size);
  return Buffer.alloc(checkInt('mem_calloc', 'num * size', bytes, 0, constants.MAX_LENGTH));
}

/** rd_kafka_mem_malloc: that many bytes (zeros, unlike C); `rk` may be null and changes nothing. */
export function mem_malloc(rk: rd_kafka_t | null, size: number): Buffer {
  checkBrandOrNull('mem_malloc', 'rk', rk, 'rd_kafka_t');
  return Buffer.alloc(checkInt('mem_malloc', 'size', size, 0, constants.MAX_LENGTH));
}

/** rd_kafka_mem_free: takes anything and does nothing. */
export function mem_free(rk: rd_kafka_t | null, _ptr: any): void {
  checkBrandOrNull('mem_free', 'rk', rk, 'rd_kafka_t');
}
