// Chapter "uuid" of rdkafka.h. @thread app
import type { rd_kafka_Uuid_t } from '../defs/types.ts';
import { Uuid } from '../defs/uuid.ts';
import { checkBrand, typeError } from '../rd/check.ts';

/** rd_kafka_Uuid_base64str: 22 characters of base64url. Never blocks. */
export function Uuid_base64str(uuid: rd_kafka_Uuid_t): string | null {
  return uuidOf('Uuid_base64str', uuid).base64();
}

/** rd_kafka_Uuid_least_significant_bits: signed. */
export function Uuid_least_significant_bits(uuid: rd_kafka_Uuid_t): bigint {
  return uuidOf('Uuid_least_significant_bits', uuid).least;
}

/** rd_kafka_Uuid_most_significant_bits: signed. */
export function Uuid_most_significant_bits(uuid: rd_kafka_Uuid_t): bigint {
  return uuidOf('Uuid_most_significant_bits', uuid).most;
}

/** rd_kafka_Uuid_new: of two signed 64-bit halves. The caller owns it. */
export function Uuid_new(most_significant_bits: bigint, least_significant_bits: bigint): rd_kafka_Uuid_t {
  return new Uuid(
    half('most_significant_bits', most_significant_bits),
    half('least_significant_bits', least_significant_bits),
  );
}

/** rd_kafka_Uuid_copy: an equal one that the caller owns. */
export function Uuid_copy(uuid: rd_kafka_Uuid_t): rd_kafka_Uuid_t {
  const { most, least } = uuidOf('Uuid_copy', uuid);
  return new Uuid(most, least);
}

/** rd_kafka_Uuid_destroy: may be left out; it can't be used afterwards. */
export function Uuid_destroy(uuid: rd_kafka_Uuid_t): void {
  uuidOf('Uuid_destroy', uuid).destroy();
}

function uuidOf(fn: string, uuid: rd_kafka_Uuid_t): Uuid {
  return checkBrand<Uuid>(fn, 'uuid', uuid, 'rd_kafka_Uuid_t');
}

function half(param: string, value: bigint): bigint {
  if (typeof value !== 'bigint') throw typeError('Uuid_new', param, 'a bigint', value);
  if (BigInt.asIntN(64, value) !== value) throw new RangeError(`Uuid_new: ${param} must fit into 64 signed bits`);
  return value;
}
