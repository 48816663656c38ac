// In which racks a topic's partitions are, for assignors that bring members and replicas together. @thread main
import type { MetadataResponse } from '../protocol/messages.ts';
import type { Node } from './brokers.ts';

/** The nodes that each partition's replicas are on; none for partitions that the answer leaves out. */
export function replicasOf(
  partitions: MetadataResponse['topics'][number]['partitions'],
): readonly (readonly number[])[] {
  const replicas: (readonly number[])[] = partitions.map(() => []);
  for (const { partitionIndex: index, replicaNodes } of partitions)
    if (index >= 0 && index < replicas.length) replicas[index] = replicaNodes;
  return replicas;
}

/**
 * The racks of each partition's replicas, on-line or not; null where no broker has a rack.
 * @param count how many partitions the topic has
 */
export function racksOf(
  replicas: readonly (readonly number[])[] | undefined,
  count: number,
  nodes: ReadonlyMap<number, Node>,
): readonly (readonly string[])[] | null {
  if (replicas === undefined || ![...nodes.values()].some(({ rack }) => rack !== null)) return null;
  return Array.from({ length: count }, (_, i) => {
    const racks = (replicas[i] ?? []).flatMap((id) => nodes.get(id)?.rack ?? []);
    return [...new Set(racks)];
  });
}
