import { describe, expect, test } from 'vitest';
import { MAX_VERSION, MIN_VERSION, type Outgoing, produceFrame } from '../../../src/broker/produce_request.ts';
import { requestFrame } from '../../../src/protocol/frame.ts';
import { type BatchRecord, writeBatch } from '../../../src/records/batch_writer.ts';
import { START, settingsOf, World } from './kit.ts';

const VERSIONS = Array.from({ length: MAX_VERSION - MIN_VERSION + 1 }, (_, i) => MIN_VERSION + i);

/** What the schema makes of the same request. */
function bySchema(version: number, topics: Record<string, Record<number, Uint8Array>>, acks: number): string {
  const topicData = Object.entries(topics).map(([name, parts]) => ({
    name,
    partitionData: Object.entries(parts).map(([index, records]) => ({ index: Number(index), records })),
  }));
  const body = { transactionalId: null, acks, timeoutMs: 30_000, topicData };
  return Buffer.from(requestFrame('Produce', version, 77, 'unit', body)).toString('hex');
}

function byHand(world: World, out: readonly Outgoing[], version: number, acks: number): string {
  const pieces = produceFrame(world.memory, out, Buffer.from('unit'), acks, 30_000, version, 77);
  return Buffer.concat(pieces).toString('hex');
}

const RECORDS: readonly BatchRecord[] = [
  { timestamp: START, key: 'key', value: 'value', headers: [['name', Buffer.from('header')]] },
  { timestamp: START + 5, key: null, value: null },
  { timestamp: START - 86_400_000 * 40, key: '', value: Buffer.alloc(3000, 7) },
];

describe.each(VERSIONS)('version %i', (version) => {
  test('one batch is the frame of the schema', () => {
    const world = new World();
    const part = world.partition(3);
    world.append(part, ...RECORDS);

    const frame = byHand(world, [world.outgoing(part)], version, -1);

    expect(frame).toBe(bySchema(version, { t: { 3: writeBatch(RECORDS) } }, -1));
  });

  test('several topics and partitions are the frame of the schema', () => {
    const world = new World();
    const parts = [world.partition(0, 'a'), world.partition(200, 'a'), world.partition(1, 'topic-ü'.repeat(30))];
    for (const [i, part] of parts.entries()) world.append(part, { value: `value ${i}`, timestamp: START });
    const out: Outgoing[] = [];
    (world.producer as unknown as { gather(now: number, out: Outgoing[]): number }).gather(100_000, out);

    const frame = byHand(world, out, version, 1);

    const records = (i: number): Uint8Array => writeBatch([{ value: `value ${i}`, timestamp: START }]);
    const topics: Record<string, Record<number, Uint8Array>> = {
      a: { 0: records(0), 200: records(1) },
      ['topic-ü'.repeat(30)]: { 1: records(2) },
    };
    expect(frame).toBe(bySchema(version, topics, 1));
  });

  test('a batch over several extents is the frame of the schema', () => {
    const world = new World();
    const part = world.partition();
    const many = Array.from({ length: 400 }, (_, i) => ({ value: Buffer.alloc(1000, i), timestamp: START + i }));
    world.append(part, ...many);

    const frame = byHand(world, [world.outgoing(part)], version, 0);

    expect(frame).toBe(bySchema(version, { t: { 0: writeBatch(many) } }, 0));
  });

  test('gzip is the frame of the schema', () => {
    const world = new World({ 'compression.codec': 'gzip' });
    const { topic } = settingsOf({ 'compression.codec': 'gzip' });
    const part = world.partition(0, 't', topic);
    const many = Array.from({ length: 50 }, (_, i) => ({ value: 'again and again '.repeat(20), timestamp: START + i }));
    world.append(part, ...many);

    const frame = byHand(world, [world.outgoing(part)], version, -1);

    expect(frame).toBe(
      bySchema(version, { t: { 0: writeBatch(many, { attributes: 1, level: topic['compression.level'] }) } }, -1),
    );
  });
});

test('a batch that gzip would make larger goes plain', () => {
  const world = new World({ 'compression.codec': 'gzip' });
  const part = world.partition(0, 't', settingsOf({ 'compression.codec': 'gzip' }).topic);
  world.append(part, { value: 'x', timestamp: START });

  const frame = byHand(world, [world.outgoing(part)], 9, -1);

  expect(frame).toBe(bySchema(9, { t: { 0: writeBatch([{ value: 'x', timestamp: START }]) } }, -1));
});
