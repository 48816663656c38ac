// The order in which a java.util.HashMap goes through its keys: Kafka's sticky assignor is decided by it where members are
// otherwise alike. @thread main

const FIRST_BUCKETS = 16;
/** More keys than this in one bucket make a table grow early, as long as it is smaller than LARGE. */
const CROWDED = 8;
const LARGE = 64;

/** String.hashCode. */
export function textHash(text: string): number {
  let hash = 0;
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0;
  return hash;
}

/** TopicPartition.hashCode; `topicHash` is that of the topic's name. */
export function partitionHash(topicHash: number, partition: number): number {
  return (Math.imul(31, 31 + partition) + topicHash) | 0;
}

/**
 * A set of keys with their Java hashes. Within a bucket the older key comes first, and a table that has grown stays so.
 * What is not imitated: large tables order a bucket of more than eight keys otherwise.
 */
export class HashOrder<K> {
  /** Key -> hash as the table uses it, in the order in which they came. */
  private readonly keys: Map<K, number> = new Map();
  private buckets: number = FIRST_BUCKETS;

  get size(): number {
    return this.keys.size;
  }

  add(key: K, hash: number): void {
    if (this.keys.has(key)) return;
    const spread = hash ^ (hash >>> 16);
    if (this.buckets < LARGE && this.companions(spread) >= CROWDED) this.buckets *= 2;
    this.keys.set(key, spread);
    if (this.keys.size > this.buckets * 0.75) this.buckets *= 2;
  }

  delete(key: K): void {
    this.keys.delete(key);
  }

  first(): K | undefined {
    let found: K | undefined;
    let lowest = this.buckets;
    for (const [key, spread] of this.keys) {
      const bucket = spread & (this.buckets - 1);
      if (bucket >= lowest) continue;
      lowest = bucket;
      found = key;
    }
    return found;
  }

  all(): K[] {
    const last = this.buckets - 1;
    const sorted = [...this.keys].sort(([, a], [, b]) => (a & last) - (b & last));
    return sorted.map(([key]) => key);
  }

  private companions(spread: number): number {
    const last = this.buckets - 1;
    let count = 0;
    for (const other of this.keys.values()) if ((other & last) === (spread & last)) count++;
    return count;
  }
}
