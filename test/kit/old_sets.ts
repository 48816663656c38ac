// Message sets of the formats v0 and v1 that Kafka's Java client wrote (test/golden/vectors/old_formats). @thread any
import { readFileSync } from 'node:fs';

export interface OldSet {
  /** Format and codec, then what is special about it. */
  readonly name: string;
  readonly bytes: Buffer;
  readonly records: readonly OldRecord[];
}

/** What Java reads; key and value in base64, type as RD_KAFKA_TIMESTAMP_*. */
export interface OldRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly type: number;
  readonly key: string | null;
  readonly value: string | null;
}

const FILE = new URL('../golden/vectors/old_formats/sets.jsonl', import.meta.url);

export function oldSets(): OldSet[] {
  const lines = readFileSync(FILE, 'utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const set = JSON.parse(line) as Omit<OldSet, 'bytes'> & { bytes: string };
    return { ...set, bytes: Buffer.from(set.bytes, 'base64') };
  });
}

/** The set of that name. */
export function oldSet(name: string): OldSet {
  const found = oldSets().find((set) => set.name === name);
  if (found === undefined) throw new Error(`no set "${name}" in ${FILE}`);
  return found;
}

/** The messages and batches of a set, one by one. */
export function messagesOf(set: Uint8Array): Uint8Array[] {
  const messages: Uint8Array[] = [];
  for (let at = 0; at < set.length; ) {
    const next = at + 12 + new DataView(set.buffer, set.byteOffset).getInt32(at + 8);
    messages.push(set.subarray(at, next));
    at = next;
  }
  return messages;
}
