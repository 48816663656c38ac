// What members tell each other through the coordinator, as bytes: the subscription to the leader, the assignment back.
// @thread main

import { RD_KAFKA_OFFSET_INVALID } from '../../defs/enums.ts';
import { partitionKey } from '../../defs/partition_key.ts';
import { decodeStruct, encodeStruct } from '../../protocol/compile.ts';
import { ProtocolError, Reader } from '../../protocol/reader.ts';
import { Writer } from '../../protocol/writer.ts';
import type { PartitionOffset } from '../group_env.ts';
import type { AssignedTopic, GroupMember } from './assignors/assignor.ts';
import { byTopic } from './requests.ts';

const SUBSCRIPTION_VERSION = 3;
/** The oldest: every client reads it, and the later ones say nothing more. */
const ASSIGNMENT_VERSION = 0;
const LATEST_VERSION = 3;

// Not null: the oldest brokers and clients can't read that.
const NO_BYTES: Uint8Array = new Uint8Array(0);

export interface Subscription {
  readonly topics: readonly string[];
  readonly owned: readonly PartitionOffset[];
  readonly generation: number;
  readonly rack: string | null;
  readonly userData: Uint8Array | null;
}

/** Later versions than we know start like the latest that we know. */
function versioned(bytes: Uint8Array): [version: number, reader: Reader] {
  const reader = new Reader(bytes);
  return [Math.max(0, Math.min(reader.int16(), LATEST_VERSION)), reader];
}

export function encodeSubscription(subscription: Subscription): Uint8Array {
  const writer = new Writer();
  writer.int16(SUBSCRIPTION_VERSION);
  encodeStruct(
    'ConsumerProtocolSubscription',
    SUBSCRIPTION_VERSION,
    {
      topics: subscription.topics,
      userData: subscription.userData ?? NO_BYTES,
      ownedPartitions: byTopic(subscription.owned).map(([topic, partitions]) => ({
        topic,
        partitions: partitions.map((each) => each.partition),
      })),
      generationId: subscription.generation,
      rackId: subscription.rack,
    },
    writer,
  );
  return writer.bytes();
}

/** What another member wants. @throws ProtocolError naming the field. */
export function decodeSubscription(memberId: string, instanceId: string | null, bytes: Uint8Array): GroupMember {
  const [version, reader] = versioned(bytes);
  const read = decodeStruct('ConsumerProtocolSubscription', version, reader, 'ignore');
  return {
    memberId,
    instanceId,
    topics: [...new Set(read.topics)],
    rack: read.rackId || null,
    owned: read.ownedPartitions,
    generation: read.generationId,
    userData: read.userData,
  };
}

export function encodeAssignment(topics: readonly AssignedTopic[]): Uint8Array {
  const writer = new Writer();
  writer.int16(ASSIGNMENT_VERSION);
  const body = { assignedPartitions: topics, userData: NO_BYTES };
  encodeStruct('ConsumerProtocolAssignment', ASSIGNMENT_VERSION, body, writer);
  return writer.bytes();
}

/** The partitions that the leader gave us, each once; no bytes are no partitions. @throws ProtocolError naming the field. */
export function decodeAssignment(bytes: Uint8Array): PartitionOffset[] {
  if (bytes.length === 0) return [];
  const [version, reader] = versioned(bytes);
  const read = decodeStruct('ConsumerProtocolAssignment', version, reader, 'ignore');
  const found = new Map<string, PartitionOffset>();
  for (const { topic, partitions } of read.assignedPartitions) {
    for (const partition of partitions) {
      if (partition < 0) throw new ProtocolError(`${partition} is not a partition`, 'partitions').of('assignment');
      found.set(partitionKey(topic, partition), { topic, partition, offset: RD_KAFKA_OFFSET_INVALID });
    }
  }
  return [...found.values()];
}
