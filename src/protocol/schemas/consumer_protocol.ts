// What a classic group's members say to their leader (subscription) and hear from it (assignment).
// @thread any
import { f, NEVER, type Struct, struct } from '../schema.ts';

// biome-ignore format: one line a field
export const CONSUMER_PROTOCOL_SUBSCRIPTION: Struct = struct('ConsumerProtocolSubscription', '0-3', NEVER, [
  f('topics', '[]string', '0+'),
  f('userData', 'bytes', '0+', { nullable: '0+', default: null }),
  f('ownedPartitions', '[]TopicPartition', '1+', { ignorable: true }, [
    f('topic', 'string', '1+'),
    f('partitions', '[]int32', '1+'),
  ]),
  f('generationId', 'int32', '2+', { default: -1, ignorable: true }),
  f('rackId', 'string', '3+', { nullable: '3+', default: null, ignorable: true }),
]);

// biome-ignore format: one line a field
export const CONSUMER_PROTOCOL_ASSIGNMENT: Struct = struct('ConsumerProtocolAssignment', '0-3', NEVER, [
  f('assignedPartitions', '[]TopicPartition', '0+', {}, [
    f('topic', 'string', '0+'),
    f('partitions', '[]int32', '0+'),
  ]),
  f('userData', 'bytes', '0+', { nullable: '0+', default: null }),
]);
