// What members of classic consumer groups tell one another inside JoinGroup and SyncGroup, as the coordinator reads and
// writes it where a KIP-848 group has members that speak the classic protocol. @thread mock
import { decodeStruct, encodeStruct } from '../../protocol/compile.ts';
import { Reader } from '../../protocol/reader.ts';
import { Writer } from '../../protocol/writer.ts';
import type { GroupTopics } from './consumer_group.ts';
import { fromRows, NO_PARTITIONS, type PartitionSets, toRows } from './partition_sets.ts';

/** Later versions begin like the latest that we know. */
const LATEST = 3;

export interface EmbeddedSubscription {
  readonly version: number;
  readonly topics: readonly string[];
  readonly rackId: string | null;
  readonly owned: PartitionSets;
}

interface Named {
  readonly topic: string;
  readonly partitions: readonly number[];
}

function open(bytes: Uint8Array): { version: number; reader: Reader } {
  const reader = new Reader(bytes);
  return { version: Math.max(0, Math.min(reader.int16(), LATEST)), reader };
}

function idsOf(rows: readonly Named[], topics: GroupTopics): PartitionSets {
  return fromRows(
    rows.flatMap(({ topic, partitions }) => {
      const topicId = topics.get(topic)?.id;
      return topicId === undefined ? [] : { topicId, partitions };
    }),
  );
}

/** @throws ProtocolError if these are no such bytes. */
export function readSubscription(bytes: Uint8Array, topics: GroupTopics): EmbeddedSubscription {
  const { version, reader } = open(bytes);
  const read = decodeStruct('ConsumerProtocolSubscription', version, reader, 'ignore');
  return { version, topics: read.topics, rackId: read.rackId, owned: idsOf(read.ownedPartitions, topics) };
}

/** @throws ProtocolError if these are no such bytes. */
export function readAssignment(
  bytes: Uint8Array,
  topics: GroupTopics,
): { readonly partitions: PartitionSets; readonly hasUserData: boolean } {
  if (bytes.length === 0) return { partitions: NO_PARTITIONS, hasUserData: false };
  const { version, reader } = open(bytes);
  const read = decodeStruct('ConsumerProtocolAssignment', version, reader, 'ignore');
  return { partitions: idsOf(read.assignedPartitions, topics), hasUserData: (read.userData?.length ?? 0) > 0 };
}

export function writeAssignment(version: number, partitions: PartitionSets, topics: GroupTopics): Uint8Array {
  const writer = new Writer();
  writer.int16(version);
  const assignedPartitions = toRows(partitions).flatMap((row) => {
    const topic = topics.byId(row.topicId)?.name;
    return topic === undefined ? [] : { topic, partitions: row.partitions };
  });
  encodeStruct('ConsumerProtocolAssignment', version, { assignedPartitions, userData: null }, writer);
  return writer.bytes();
}
