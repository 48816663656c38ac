// The text of rd_kafka_dump: what this thread knows of a handle, and what main tells of brokers, topics and the group.
// @thread app

import { errorName } from '../defs/errors.ts';
import { COUNT, LEADER, NO_SUCH_TOPIC, NOT_KNOWN } from '../ops/partitions.ts';
import type { Handle } from './handle.ts';
import type { Topic } from './topic.ts';

/** What main answers to `dump`. */
export interface MainDump {
  readonly clusterId: string | null;
  readonly controllerId: number;
  readonly nodes: readonly {
    readonly id: number;
    readonly host: string;
    readonly port: number;
    readonly rack: string | null;
  }[];
  readonly connections: readonly { readonly name: string; readonly state: string; readonly ageMs: number }[];
  readonly topics: readonly {
    readonly topic: string;
    readonly err: number;
    readonly stale: boolean;
    readonly partitions: readonly { readonly leader: number; readonly leaderEpoch: number }[];
  }[];
  readonly queues: readonly {
    readonly topic: string;
    readonly partition: number;
    readonly home: string;
    readonly batches: number;
  }[];
  readonly group: { readonly id: string; readonly state: string; readonly coordinator: number } | null;
  /** How often a partition was found standing still, by cause; null for a producer. */
  readonly stalls: Readonly<Record<string, number>> | null;
  readonly workers: number;
}

/** One text, lines ended by newlines. `main` null: it did not answer. */
export function dumpText(rk: Handle, main: MainDump | null): string {
  const lines = [`rd_kafka_t ${rk.name}`, ...ownLines(rk)];
  if (main === null) lines.push(' main thread: no answer');
  else lines.push(...brokerLines(main), ...groupLines(rk, main), ...cacheLines(main));
  return `${lines.join('\n')}\n`;
}

function ownLines(rk: Handle): string[] {
  const lines: string[] = [];
  if (rk.fatal !== null) lines.push(` fatal error: ${errorName(rk.fatal.err)}: ${rk.fatal.text}`);
  if (rk.limits !== null)
    lines.push(` producer: ${rk.limits.messages} messages, ${rk.limits.bytes} bytes not reported`);
  if (rk.reports !== null) lines.push(` reports: ${rk.reports.pending} batches to be served`);
  lines.push(` reply queue: ${rk.queue.length} entries, ${rk.logs.pending} log lines`);
  if (rk.topics.size > 0) lines.push(' topics:');
  for (const topic of rk.topics.values()) lines.push(...topicLines(topic));
  return lines;
}

function topicLines(topic: Topic): string[] {
  const lines = [`  ${topic.name}: ${countText(topic)}, ${topic.references} references`];
  topic.partitions.forEach((target, number) => {
    const open = target.open === null ? 0 : target.open.count;
    const leader = Atomics.load(target.words, target.base + LEADER);
    lines.push(`   [${number}] ${leader < 0 ? 'no leader' : `leader ${leader}`}, ${open} records in the open batch`);
  });
  return lines;
}

function countText({ waiting }: Topic): string {
  if (waiting === null) return 'of a consumer';
  const count = Atomics.load(waiting.words, waiting.base + COUNT);
  if (count === NOT_KNOWN) return 'not known yet';
  return count === NO_SUCH_TOPIC ? 'does not exist, or may not be used' : `${count} partitions`;
}

function brokerLines(main: MainDump): string[] {
  const lines = [
    ` cluster ${main.clusterId ?? '(no id)'}, controller ${main.controllerId}, ${main.workers} connection threads`,
    ' brokers:',
  ];
  for (const { id, host, port, rack } of main.nodes)
    lines.push(`  ${host}:${port}/${id}${rack === null ? '' : ` in rack ${rack}`}`);
  lines.push(' connections of the main thread:');
  for (const { name, state, ageMs } of main.connections) lines.push(`  ${name}: ${state} for ${Math.floor(ageMs)} ms`);
  if (main.queues.length > 0) lines.push(' partitions with records to send:');
  for (const { topic, partition, home, batches } of main.queues)
    lines.push(`  ${topic} [${partition}]: ${home}, ${batches} batches with the main thread`);
  return lines;
}

function groupLines(rk: Handle, main: MainDump): string[] {
  const { consumer } = rk;
  if (consumer === null || main.group === null) return [];
  const { id, state, coordinator } = main.group;
  const lines = [
    ` group ${id}: ${state}, coordinator ${coordinator < 0 ? 'not known' : coordinator}`,
    `  member '${consumer.memberId}', generation ${consumer.generation}, protocol ${consumer.protocol}`,
    `  subscription: ${consumer.subscription.join(', ')}`,
    `  ${consumer.length} entries in the consumer queue`,
    '  assignment:',
  ];
  for (const { topic, partition } of consumer.assignment())
    lines.push(`   ${topic} [${partition}], next offset ${consumer.position(topic, partition) ?? 'not known'}`);
  const stalls = Object.entries(main.stalls ?? {}).filter(([, count]) => count > 0);
  if (stalls.length > 0)
    lines.push(`  partitions that stood still: ${stalls.map(([cause, count]) => `${cause} ${count}`).join(', ')}`);
  return lines;
}

function cacheLines(main: MainDump): string[] {
  const lines = [' metadata cache:'];
  for (const { topic, err, stale, partitions } of main.topics) {
    const leaders = partitions.map(({ leader, leaderEpoch }) => `${leader}@${leaderEpoch}`).join(' ');
    const state = err === 0 ? `${partitions.length} partitions, leader@epoch: ${leaders}` : errorName(err);
    lines.push(`  ${topic}: ${state}${stale ? ', asked for again soon' : ''}`);
  }
  return lines;
}
