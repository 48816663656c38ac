// How topics and groups stand, in words: what a test is told that waited in vain. @thread mock
import type { StoredRow } from '../defs/mock_rows.ts';
import type { MockCluster } from './cluster.ts';
import type { AnyGroup } from './groups/groups.ts';
import { countRecords } from './inspect.ts';
import type { Topic } from './topics.ts';

/** Records that are named one by one; a value is cut behind so many characters. */
const MOST_RECORDS = 20;
const MOST_TEXT = 80;

export function recordCount(topic: Topic): number {
  return topic.partitions.reduce((sum, { log }) => sum + countRecords(log), 0);
}

function many(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

/** What a text is as a string of JSON, bytes that are no UTF-8 as hex. */
function bytesText(bytes: Uint8Array | null): string {
  if (bytes === null) return 'null';
  const text = Buffer.from(bytes).toString('utf8');
  if (text.includes('\ufffd')) {
    const hex = Buffer.from(bytes.subarray(0, MOST_TEXT / 2)).toString('hex');
    return `<${hex}${bytes.length > MOST_TEXT / 2 ? '...' : ''}>`;
  }
  return text.length > MOST_TEXT ? `${JSON.stringify(text.slice(0, MOST_TEXT))}...` : JSON.stringify(text);
}

function recordText({ partition, offset, key, value }: StoredRow): string {
  return `\n  [${partition}] at offset ${offset}: key ${bytesText(key)}, value ${bytesText(value)}`;
}

function brokersText(cluster: MockCluster): string {
  const down = cluster.brokers().filter(({ up }) => !up);
  return down.length === 0 ? '' : `; down: ${down.map(({ id }) => `broker ${id}`).join(', ')}`;
}

function topicsText(cluster: MockCluster, but: string): string {
  const others = cluster.topics.all().filter(({ name }) => name !== but);
  const rows = others.map((topic) => `${topic.name} with ${many(recordCount(topic), 'record')}`);
  return rows.length === 0 ? 'there is no other topic' : `other topics: ${rows.join(', ')}`;
}

/** @param records all of the topic */
export function recordsStanding(cluster: MockCluster, name: string, records: readonly StoredRow[]): string {
  const others = `${topicsText(cluster, name)}${brokersText(cluster)}`;
  if (cluster.topics.get(name) === undefined) return `there is no such topic; ${others}`;
  if (records.length === 0) return `none came; ${others}`;
  const more = records.length > MOST_RECORDS ? `\n  and ${records.length - MOST_RECORDS} more` : '';
  const listed = records.slice(0, MOST_RECORDS).map(recordText).join('');
  return `${records.length} came${brokersText(cluster)}:${listed}${more}`;
}

/** Of a group that is not there: which there are. */
export function noGroup(cluster: MockCluster): string {
  const ids = cluster.groups.all().map(({ id }) => id);
  return `there is no such group; ${ids.length === 0 ? 'nor any other' : `groups: ${ids.join(', ')}`}${brokersText(cluster)}`;
}

function memberNames(group: AnyGroup): readonly string[] {
  if (group.type === 'classic') return group.members().map(({ clientId, memberId }) => `${memberId} of ${clientId}`);
  return group.members().map(({ face, memberId, state }) => `${memberId} of ${face.clientId}, ${state}`);
}

export function groupStanding(cluster: MockCluster, id: string): string {
  const group = cluster.groups.find(id);
  if (group === undefined) return noGroup(cluster);
  const names = memberNames(group);
  const members = names.length === 0 ? '' : `: ${names.join('; ')}`;
  return `it is ${group.state} with ${many(names.length, 'member')}${brokersText(cluster)}${members}`;
}

export function committedStanding(cluster: MockCluster, id: string, topic: string, partition: number): string {
  const group = cluster.groups.find(id);
  if (group === undefined) return noGroup(cluster);
  const found = group.offsets.find(topic, partition);
  if (found !== undefined) return `it is ${found.offset}${brokersText(cluster)}`;
  const all = group.offsets
    .all()
    .flatMap(({ topic: name, partitions }) => [...partitions].map(([p, { offset }]) => `${name} [${p}] ${offset}`));
  const rest = all.length === 0 ? 'nor for any other' : `but for ${all.join(', ')}`;
  return `nothing is committed for it, ${rest}; the group is ${group.state}${brokersText(cluster)}`;
}
