// Chapter "metadata" of rdkafka.h: what the cluster says of its brokers, topics and partitions. @thread app
import { metadataSteps } from '../app/metadata.ts';
import type { rd_kafka_resp_err_t } from '../defs/enums.ts';
import { kafkaErrorOf } from '../defs/kafka_error.ts';
import { endMetadata } from '../defs/metadata.ts';
import type { Node } from '../defs/node.ts';
import type { Out } from '../defs/out.ts';
import type { rd_kafka_metadata_t, rd_kafka_Node_t, rd_kafka_t, rd_kafka_topic_t } from '../defs/types.ts';
import { checkBrand, checkBrandOrNull, checkOut, checkYesNo } from '../rd/check.ts';
import { block, checkHandle, checkTimeout, promise, type TwinOptions } from './check_handle.ts';

/**
 * rd_kafka_metadata: asks the cluster for its brokers and for topics: for `only_rkt` alone, else, with `all_topics`, for
 * all that there are, else for those that this handle uses. Asking may create a topic by name where the cluster and
 * `allow.auto.create.topics` let it (a producer's default). The answer, a plain object of yours with C's fields, goes
 * into `metadatap`; errors of single topics and partitions stand in it. Blocks up to `timeout_ms` (negative: until there
 * is an answer) and serves no callbacks. 0; _TRANSPORT: no broker could be reached in time; _TIMED_OUT: none answered.
 */
export function metadata(
  rk: rd_kafka_t,
  all_topics: boolean | number,
  only_rkt: rd_kafka_topic_t | null,
  metadatap: Out<rd_kafka_metadata_t> | null,
  timeout_ms: number,
): rd_kafka_resp_err_t {
  const handle = checkHandle('metadata', rk);
  const all = checkYesNo('metadata', 'all_topics', all_topics);
  const only = topicNameOrNull(only_rkt);
  const target = checkOut('metadata', 'metadatap', metadatap);
  const result = block(handle, metadataSteps(handle, all, only, checkTimeout('metadata', timeout_ms)));
  if (target !== null && result.metadata !== null) target.value = result.metadata;
  return result.err;
}

/** `metadata` as a promise of the object. */
export async function metadata_async(
  rk: rd_kafka_t,
  all_topics: boolean | number,
  only_rkt: rd_kafka_topic_t | null,
  timeout_ms: number = -1,
  o?: TwinOptions,
): Promise<rd_kafka_metadata_t> {
  const handle = checkHandle('metadata', rk);
  const all = checkYesNo('metadata', 'all_topics', all_topics);
  const steps = metadataSteps(handle, all, topicNameOrNull(only_rkt), checkTimeout('metadata', timeout_ms));
  const result = await promise('metadata_async', handle, steps, o);
  if (result.metadata === null) throw kafkaErrorOf(result.err);
  return result.metadata;
}

function topicNameOrNull(only_rkt: rd_kafka_topic_t | null): string | null {
  return checkBrandOrNull<{ name: string }>('metadata', 'only_rkt', only_rkt, 'rd_kafka_topic_t')?.name ?? null;
}

/** rd_kafka_metadata_destroy: may be left out; a second one throws. What was read from the object stays. */
export function metadata_destroy(metadata: rd_kafka_metadata_t): void {
  endMetadata(checkBrand<rd_kafka_metadata_t>('metadata_destroy', 'metadata', metadata, 'rd_kafka_metadata_t'));
}

/** rd_kafka_Node_id: the broker's id. Never blocks. */
export function Node_id(node: rd_kafka_Node_t): number {
  return nodeOf('Node_id', node).id;
}

/** rd_kafka_Node_host: null when the answer named only the id. Never blocks. */
export function Node_host(node: rd_kafka_Node_t): string | null {
  return nodeOf('Node_host', node).host;
}

/** rd_kafka_Node_port. Never blocks. */
export function Node_port(node: rd_kafka_Node_t): number {
  return nodeOf('Node_port', node).port;
}

/** rd_kafka_Node_rack: null when the broker has none. Never blocks. */
export function Node_rack(node: rd_kafka_Node_t): string | null {
  return nodeOf('Node_rack', node).rack;
}

function nodeOf(fn: string, node: rd_kafka_Node_t): Node {
  return checkBrand<Node>(fn, 'node', node, 'rd_kafka_Node_t');
}
