// The struct of rd_kafka_metadata: a plain object with C's fields, counts included, that knows whether it was destroyed.
// @thread any
import { GONE } from '../rd/check.ts';
import type {
  rd_kafka_metadata_broker_t,
  rd_kafka_metadata_partition_t,
  rd_kafka_metadata_t,
  rd_kafka_metadata_topic_t,
} from './types.ts';

/** What of a Metadata answer the struct shows. */
export interface MetadataAnswer {
  readonly brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[];
  readonly topics: readonly {
    readonly errorCode: number;
    readonly name: string | null;
    readonly partitions: readonly {
      readonly errorCode: number;
      readonly partitionIndex: number;
      readonly leaderId: number;
      readonly replicaNodes: readonly number[];
      readonly isrNodes: readonly number[];
    }[];
  }[];
  readonly origBrokerId: number;
  readonly origBrokerName: string;
}

/** Partitions come in the order of their ids. */
export function metadataOf(answer: MetadataAnswer): rd_kafka_metadata_t {
  const brokers: rd_kafka_metadata_broker_t[] = answer.brokers.map(({ nodeId, host, port }) => ({
    id: nodeId,
    host,
    port,
  }));
  const topics = answer.topics.map(topicOf);
  const metadata: rd_kafka_metadata_t = {
    broker_cnt: brokers.length,
    brokers,
    topic_cnt: topics.length,
    topics,
    orig_broker_id: answer.origBrokerId,
    orig_broker_name: answer.origBrokerName,
  };
  // Not enumerable: who prints or compares the struct sees C's fields only.
  Object.defineProperty(metadata, '~type', { value: 'rd_kafka_metadata_t' });
  return Object.defineProperty(metadata, GONE, { value: '', writable: true });
}

/** The struct can't be destroyed again. */
export function endMetadata(metadata: rd_kafka_metadata_t): void {
  (metadata as { [GONE]?: string })[GONE] = 'has been destroyed';
}

function topicOf(topic: MetadataAnswer['topics'][number]): rd_kafka_metadata_topic_t {
  const partitions = topic.partitions.map(partitionOf).sort((a, b) => a.id - b.id);
  return { topic: topic.name ?? '', partition_cnt: partitions.length, partitions, err: topic.errorCode };
}

function partitionOf(part: MetadataAnswer['topics'][number]['partitions'][number]): rd_kafka_metadata_partition_t {
  return {
    id: part.partitionIndex,
    err: part.errorCode,
    leader: part.leaderId,
    replica_cnt: part.replicaNodes.length,
    replicas: [...part.replicaNodes],
    isr_cnt: part.isrNodes.length,
    isrs: [...part.isrNodes],
  };
}
