// Chapter "version" of rdkafka.h, and the names of the debug contexts. @thread app
import { RD_KAFKA_DEBUG_CONTEXTS, RD_KAFKA_VERSION } from '../defs/enums.ts';

/** The version of this package; version() and version_str() name the librdkafka whose interface it has. */
export const package_version: string = '0.1.0';

/** rd_kafka_version: RD_KAFKA_VERSION, `0xMMmmrrxx`, where xx is 0xff for a final release. Never blocks. */
export function version(): number {
  return RD_KAFKA_VERSION;
}

/** rd_kafka_version_str: `2.15.0`. Never blocks. */
export function version_str(): string {
  return [24, 16, 8].map((shift) => (RD_KAFKA_VERSION >> shift) & 0xff).join('.');
}

/** rd_kafka_get_debug_contexts: the names that the property `debug` takes, with commas between. Never blocks. */
export function get_debug_contexts(): string {
  return RD_KAFKA_DEBUG_CONTEXTS;
}
