// Chapter "group_metadata" of rdkafka.h: who a consumer is to its group, for a transactional producer. @thread app
import { RD_KAFKA_RESP_ERR__BAD_MSG } from '../defs/enums.ts';
import { GroupMetadata } from '../defs/group_metadata.ts';
import { kafkaErrorOf } from '../defs/kafka_error.ts';
import type { Out } from '../defs/out.ts';
import type { Bytes, rd_kafka_consumer_group_metadata_t, rd_kafka_error_t, rd_kafka_t } from '../defs/types.ts';
import { checkBrand, checkBytes, checkInt32, checkOut, checkString, checkStringOrNull } from '../rd/check.ts';
import { checkHandle, checkSignal, type TwinOptions } from './check_handle.ts';

function metadataOf(fn: string, param: string, value: rd_kafka_consumer_group_metadata_t): GroupMetadata {
  return checkBrand<GroupMetadata>(fn, param, value, 'rd_kafka_consumer_group_metadata_t');
}

/**
 * rd_kafka_consumer_group_metadata: group id, generation (-1 for none), member id and group.instance.id as they are now,
 * as an object of yours; null without group.id. Never blocks.
 */
export function consumer_group_metadata(rk: rd_kafka_t): rd_kafka_consumer_group_metadata_t | null {
  const { consumer, thread, settings } = checkHandle('consumer_group_metadata', rk);
  thread.drain();
  if (consumer === null) return null;
  const instanceId = settings['group.instance.id'] || null;
  return new GroupMetadata(settings['group.id'] ?? '', consumer.generation, consumer.memberId, instanceId);
}

/** `consumer_group_metadata` as a promise. */
export async function consumer_group_metadata_async(
  rk: rd_kafka_t,
  o?: TwinOptions,
): Promise<rd_kafka_consumer_group_metadata_t | null> {
  checkSignal('consumer_group_metadata_async', o);
  return consumer_group_metadata(rk);
}

/** rd_kafka_consumer_group_metadata_new: of a group in which nobody is a member. */
export function consumer_group_metadata_new(group_id: string): rd_kafka_consumer_group_metadata_t {
  return new GroupMetadata(checkString('consumer_group_metadata_new', 'group_id', group_id), -1, '', null);
}

/** rd_kafka_consumer_group_metadata_new_with_genid: of one member in one generation. */
export function consumer_group_metadata_new_with_genid(
  group_id: string,
  generation_id: number,
  member_id: string,
  group_instance_id: string | null,
): rd_kafka_consumer_group_metadata_t {
  const fn = 'consumer_group_metadata_new_with_genid';
  return new GroupMetadata(
    checkString(fn, 'group_id', group_id),
    checkInt32(fn, 'generation_id', generation_id),
    checkString(fn, 'member_id', member_id),
    checkStringOrNull(fn, 'group_instance_id', group_instance_id),
  );
}

/** rd_kafka_consumer_group_metadata_group_id. */
export function consumer_group_metadata_group_id(group_metadata: rd_kafka_consumer_group_metadata_t): string {
  return metadataOf('consumer_group_metadata_group_id', 'group_metadata', group_metadata).groupId;
}

/** rd_kafka_consumer_group_metadata_group_instance_id: null when there is none. */
export function consumer_group_metadata_group_instance_id(
  group_metadata: rd_kafka_consumer_group_metadata_t,
): string | null {
  return metadataOf('consumer_group_metadata_group_instance_id', 'group_metadata', group_metadata).instanceId;
}

/** rd_kafka_consumer_group_metadata_member_id: '' for none. */
export function consumer_group_metadata_member_id(group_metadata: rd_kafka_consumer_group_metadata_t): string {
  return metadataOf('consumer_group_metadata_member_id', 'group_metadata', group_metadata).memberId;
}

/** rd_kafka_consumer_group_metadata_generation_id: -1 for none. */
export function consumer_group_metadata_generation_id(group_metadata: rd_kafka_consumer_group_metadata_t): number {
  return metadataOf('consumer_group_metadata_generation_id', 'group_metadata', group_metadata).generation;
}

/** rd_kafka_consumer_group_metadata_destroy: may be left out; it can't be used afterwards. */
export function consumer_group_metadata_destroy(group_metadata: rd_kafka_consumer_group_metadata_t): void {
  metadataOf('consumer_group_metadata_destroy', 'group_metadata', group_metadata).destroy();
}

/** rd_kafka_consumer_group_metadata_write: its bytes, in librdkafka's format, into `bufferp`. Always null. */
export function consumer_group_metadata_write(
  cgmd: rd_kafka_consumer_group_metadata_t,
  bufferp: Out<Buffer | null> | null,
): rd_kafka_error_t | null {
  const fn = 'consumer_group_metadata_write';
  const metadata = metadataOf(fn, 'cgmd', cgmd);
  const target = checkOut(fn, 'bufferp', bufferp);
  if (target !== null) target.value = metadata.write();
  return null;
}

/**
 * rd_kafka_consumer_group_metadata_read: what `consumer_group_metadata_write` has written, here or in librdkafka, into
 * `cgmdp`. null, or _BAD_MSG for bytes that are none, with what is wrong with them.
 */
export function consumer_group_metadata_read(
  cgmdp: Out<rd_kafka_consumer_group_metadata_t> | null,
  buffer: Bytes,
): rd_kafka_error_t | null {
  const fn = 'consumer_group_metadata_read';
  const target = checkOut(fn, 'cgmdp', cgmdp);
  const read = GroupMetadata.read(checkBytes(fn, 'buffer', buffer) ?? new Uint8Array(0));
  if (typeof read === 'string') return kafkaErrorOf(RD_KAFKA_RESP_ERR__BAD_MSG, `the buffer: ${read}`);
  if (target !== null) target.value = read;
  return null;
}
