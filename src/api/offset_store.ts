// Chapter "offset_store" of rdkafka.h: what has been processed, to be committed later. @thread app
import { storeOffset, storeOffsets } from '../app/offset_store.ts';
import type { Topic } from '../app/topic.ts';
import { RD_KAFKA_RESP_ERR__INVALID_ARG, RD_KAFKA_RESP_ERR__STATE, type rd_kafka_resp_err_t } from '../defs/enums.ts';
import { errorText } from '../defs/errors.ts';
import { kafkaErrorOf } from '../defs/kafka_error.ts';
import type { MessageParts } from '../defs/message.ts';
import { partitionsToFill } from '../defs/partition_list.ts';
import type {
  rd_kafka_error_t,
  rd_kafka_message_t,
  rd_kafka_t,
  rd_kafka_topic_t,
  TopicPartitionsToFill,
} from '../defs/types.ts';
import { checkBrand, checkInt32, checkInt64 } from '../rd/check.ts';
import { checkHandle, checkTopic } from './check_handle.ts';

/**
 * rd_kafka_offset_store: notes that the message at `offset` has been processed: what is committed next, by the timer or by
 * commit(null), is the offset behind it. For enable.auto.offset.store=false. 0; _UNKNOWN_PARTITION; _STATE where the
 * partition is not assigned. Never blocks. New programs use offsets_store or offset_store_message.
 */
export function offset_store(rkt: rd_kafka_topic_t, partition: number, offset: number): rd_kafka_resp_err_t {
  const topic = checkTopic('offset_store', rkt);
  checkInt32('offset_store', 'partition', partition);
  checkInt64('offset_store', 'offset', offset);
  return storeOffset(topic.rk, topic.name, partition, { offset: offset + 1, leaderEpoch: -1, metadata: null });
}

/**
 * rd_kafka_offsets_store: notes offsets to be committed next, by the timer or by commit(null): each that of the next
 * message to consume, with metadata and leader epoch if the entry has them. Every entry gets its `err` (0, _STATE where
 * it is not assigned, _UNKNOWN_PARTITION). 0, or the last error where nothing was stored; _INVALID_ARG with
 * enable.auto.offset.store=true. Never blocks.
 */
export function offsets_store(rk: rd_kafka_t, offsets: TopicPartitionsToFill): rd_kafka_resp_err_t {
  const handle = checkHandle('offsets_store', rk);
  return storeOffsets(handle, partitionsToFill('offsets_store', 'offsets', offsets), offsets);
}

/**
 * rd_kafka_offset_store_message: notes that this message has been processed. null, or an error: _INVALID_ARG for an error
 * in a message's place and for what was not consumed; _STATE where the partition is no longer assigned. Never blocks.
 */
export function offset_store_message(rkmessage: rd_kafka_message_t): rd_kafka_error_t | null {
  const message = checkBrand<MessageParts>('offset_store_message', 'rkmessage', rkmessage, 'rd_kafka_message_t');
  if (message.err !== 0)
    return kafkaErrorOf(RD_KAFKA_RESP_ERR__INVALID_ARG, 'the message is an error, which has no offset to store');
  const topic = message.rkt as Topic | null;
  if (topic === null || topic.rk.producer)
    return kafkaErrorOf(RD_KAFKA_RESP_ERR__INVALID_ARG, 'the message was not consumed');
  const { partition, offset, leaderEpoch } = message;
  const err = storeOffset(topic.rk, topic.name, partition, { offset: offset + 1, leaderEpoch, metadata: null });
  if (err === 0) return null;
  if (err === RD_KAFKA_RESP_ERR__STATE) return kafkaErrorOf(err, 'the partition is not assigned');
  return kafkaErrorOf(err, `the offset was not stored: ${errorText(err)}`);
}
