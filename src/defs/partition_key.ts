// A partition's name as the key of a map or a set. @thread any

/** The number first: it ends at the first space, whatever the topic's name has in it. */
export function partitionKey(topic: string, partition: number): string {
  return `${partition} ${topic}`;
}
