// Seek, pause and resume: what waits here is dropped, set aside, or given back; main moves the fetchers.
// @thread app

import * as E from '../defs/enums.ts';
import { isSeekable } from '../defs/logical_offset.ts';
import { partitionKey } from '../defs/partition_key.ts';
import type { PartitionEntry } from '../defs/partition_list.ts';
import type { PartitionOffset } from '../ops/ops.ts';
import { type AppConsumer, type Consumed, SEEKING } from './consumer.ts';
import type { Handle } from './handle.ts';
import type { Item, OpQueue } from './op_queue.ts';
import type { Steps } from './steps.ts';

export interface SeekResult {
  /** Partitions that were still on their way when the time was up. */
  readonly waiting: number;
}

/** Each entry gets its `err`. With `timeoutMs` 0 main is not waited for. */
export function* seekSteps(rk: Handle, entries: readonly PartitionEntry[], timeoutMs: number): Steps<SeekResult> {
  const consumer = rk.consuming!;
  rk.thread.drain();
  const asked: { readonly entry: PartitionEntry; readonly key: string; readonly seek: number }[] = [];
  for (const entry of entries) {
    const key = partitionKey(entry.topic, entry.partition);
    const err = rk.dead ? E.RD_KAFKA_RESP_ERR__DESTROY : refusal(consumer, entry, key);
    entry.err = err !== 0 ? err : timeoutMs === 0 ? 0 : E.RD_KAFKA_RESP_ERR__IN_PROGRESS;
    if (err === 0) asked.push({ entry, key, seek: ++consumer.lastSeek });
  }
  rewind(consumer, new Set(asked.flatMap(({ key }) => consumer.byName.get(key) ?? [])));
  for (const { entry, key, seek } of asked) begin(rk, consumer, entry, key, seek);
  if (timeoutMs === 0) return { waiting: 0 };
  const waiting = (): number => {
    let count = 0;
    for (const { entry, key, seek } of asked) {
      if (consumer.seeks.get(key) === seek) count++;
      else if (entry.err === E.RD_KAFKA_RESP_ERR__IN_PROGRESS) entry.err = outcome(rk, consumer, key);
    }
    return count;
  };
  yield { timeoutMs, ready: () => waiting() === 0 };
  return { waiting: waiting() };
}

function refusal(consumer: AppConsumer, { offset }: PartitionEntry, key: string): number {
  if (!isSeekable(offset)) return E.RD_KAFKA_RESP_ERR__INVALID_ARG;
  if (!consumer.has(key)) return E.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
  return 0;
}

/** A seek is over when main has answered it, or a later seek, an assign or the end has taken its place. */
function outcome(rk: Handle, consumer: AppConsumer, key: string): number {
  if (rk.dead) return E.RD_KAFKA_RESP_ERR__DESTROY;
  return consumer.has(key) ? 0 : E.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

function begin(rk: Handle, consumer: AppConsumer, entry: PartitionEntry, key: string, seek: number): void {
  consumer.seeks.set(key, seek);
  const { topic, partition, offset } = entry;
  const leaderEpoch = offset >= 0 ? entry.leaderEpoch : -1;
  const version = consumer.versionOf(key);
  rk.toMain({ type: 'seek', topic, partition, version, offset, leaderEpoch, seek });
}

/** Nothing of what was fetched is handed out any more; what was handed out stays stored. */
function rewind(consumer: AppConsumer, parts: ReadonlySet<Consumed>): void {
  consumer.dropStale(parts);
  for (const part of parts) {
    part.home = SEEKING;
    part.eof = -1;
    part.denied = false;
    part.refetch = null;
    if (part.aside !== null) {
      for (const item of part.aside) consumer.walk.dropItem(item);
      part.aside = [];
    }
    const { offset, leaderEpoch } = part.cell.handedOut;
    if (offset < 0) continue;
    if (consumer.autoStores) part.cell.store(offset, leaderEpoch);
    part.cell.advance(E.RD_KAFKA_OFFSET_INVALID, -1);
  }
}

/** Each entry gets its `err`. */
export function pause(rk: Handle, entries: readonly PartitionEntry[], paused: boolean): void {
  const consumer = rk.consuming!;
  rk.thread.drain();
  const partitions: PartitionOffset[] = [];
  const parts: Consumed[] = [];
  for (const entry of entries) {
    const { topic, partition, offset } = entry;
    const key = partitionKey(topic, partition);
    const known = consumer.has(key);
    entry.err = known ? 0 : E.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
    if (!known) continue;
    const wanted = consumer.wanted?.get(key);
    if (wanted !== undefined) wanted.paused = paused;
    const part = consumer.byName.get(key);
    if (part !== undefined) {
      part.paused = paused;
      if (part.held) continue;
      if ((part.aside !== null) !== paused) parts.push(part);
    }
    partitions.push({ topic, partition, offset, version: consumer.versionOf(key) });
  }
  if (partitions.length > 0) stop(rk, partitions, parts, paused);
}

/** The same by the library itself, of one partition; the app's own pause stays what it is. */
export function hold(rk: Handle, part: Consumed, held: boolean): void {
  const consumer = rk.consuming!;
  if (consumer.assigned.get(part.cell.id) !== part) return;
  part.held = held;
  if (part.paused) return;
  const { topic, number } = part;
  const version = consumer.versionOf(partitionKey(topic, number));
  stop(rk, [{ topic, partition: number, offset: E.RD_KAFKA_OFFSET_INVALID, version }], [part], held);
}

function stop(rk: Handle, partitions: readonly PartitionOffset[], parts: readonly Consumed[], stopped: boolean): void {
  rk.toMain({ type: 'pause', partitions, paused: stopped });
  if (stopped) setAside(rk, rk.consuming!, parts);
  else handBack(rk, rk.consuming!, parts);
}

/** What was fetched waits for the resume, as long as all that is set aside leaves the others half of the room. */
function setAside(rk: Handle, consumer: AppConsumer, parts: readonly Consumed[]): void {
  let bytes = 0;
  for (const { aside } of consumer.assigned.values()) if (aside !== null) bytes += bytesOf(aside);
  const found = new Map(parts.map((part) => [part, [] as Item[]]));
  for (const queue of consumer.queues) {
    queue.filter((item) => {
      const items = item.part === null ? undefined : found.get(item.part);
      items?.push(item);
      return items === undefined;
    });
  }
  const most = (rk.settings['queued.max.messages.kbytes'] * 1024) / 2;
  for (const [part, items] of found) {
    part.aside = items;
    const more = bytesOf(items);
    if (bytes + more > most) letGo(consumer, part);
    else {
      part.aside = items.map((item) => (item.kind === 'records' ? consumer.walk.setAside(item) : item));
      bytes += more;
    }
  }
}

function bytesOf(items: readonly Item[]): number {
  let bytes = 0;
  for (const item of items) {
    if (item.kind !== 'records') continue;
    for (let i = item.batch; i < item.entry.batches.length; i++) {
      const { from, to } = item.entry.batches[i]!;
      bytes += to - from;
    }
  }
  return bytes;
}

/** Too much to keep: it is fetched again at the resume. */
function letGo(consumer: AppConsumer, part: Consumed): void {
  const first = part.aside!.find((item) => item.kind === 'records');
  if (first === undefined) return;
  const { offset, leaderEpoch } = part.cell.handedOut;
  // Within what this block holds, what was handed out of it last is where the app is.
  part.refetch =
    offset >= first.entry.fetchOffset ? { offset, leaderEpoch } : { offset: first.entry.fetchOffset, leaderEpoch: -1 };
  for (const item of part.aside!) consumer.walk.dropItem(item);
  part.aside = part.aside!.filter((item) => item.kind === 'error');
}

/** What was set aside comes before all that has come since. */
function handBack(rk: Handle, consumer: AppConsumer, parts: readonly Consumed[]): void {
  const back = new Map<OpQueue, Item[]>();
  for (const part of parts) {
    const { aside, refetch } = part;
    part.aside = null;
    part.refetch = null;
    const { target } = part.queue;
    const items = back.get(target);
    for (const item of aside ?? []) consumer.walk.takeBack(item);
    if (items === undefined) back.set(target, aside ?? []);
    else items.push(...(aside ?? []));
    if (refetch !== null) again(rk, consumer, part, refetch);
  }
  for (const [queue, items] of back) if (items.length > 0) queue.unshift(items);
}

function again(
  rk: Handle,
  consumer: AppConsumer,
  part: Consumed,
  at: { readonly offset: number; readonly leaderEpoch: number },
): void {
  const { topic, number: partition, version } = part;
  const seek = ++consumer.lastSeek;
  consumer.seeks.set(partitionKey(topic, partition), seek);
  part.home = SEEKING;
  rk.toMain({ type: 'seek', topic, partition, version, ...at, seek });
}
