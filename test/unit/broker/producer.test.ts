import { expect, test } from 'vitest';
import type { Partition } from '../../../src/broker/partition.ts';
import * as E from '../../../src/defs/enums.ts';
import { answer, settingsOf, World } from './kit.ts';

const { RD_KAFKA_MSG_STATUS_NOT_PERSISTED: NOT, RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED: MAYBE } = E;
const { RD_KAFKA_MSG_STATUS_PERSISTED: YES } = E;

/** Values in the frames sent, in the order of sending. */
function sentValues(world: World): string[] {
  return world.connection.sent.map((frame) => (frame.toString('latin1').match(/v\d+/g) ?? []).join(' '));
}

test('an open batch waits for linger.ms', () => {
  const world = new World({ 'linger.ms': '50' });
  const part = world.partition();
  world.append(part, { value: 'v1' });

  const wake = world.serve();
  const early = world.connection.sent.length;
  world.after(49);
  const still = world.connection.sent.length;
  world.append(part, { value: 'v2' });
  world.after(1);

  expect([wake <= 1050, early, still]).toEqual([true, 0, 0]);
  expect(sentValues(world)).toEqual(['v1 v2']);
});

test('a full batch goes at once, one that is open behind it stays', () => {
  const world = new World({ 'linger.ms': '1000' });
  const part = world.partition();
  world.batch(part, 'v1');
  world.append(part, { value: 'v2' });

  world.serve();

  expect(sentValues(world)).toEqual(['v1']);
});

test('a batch that main sealed before it was full lingers, until a full one stands behind it', () => {
  const world = new World({ 'linger.ms': '1000' });
  const [a, b] = [world.partition(0), world.partition(1)];
  for (const part of [a, b]) {
    world.batch(part, 'v1');
    part.fifo[0]!.lingers = true;
    world.append(part, { value: 'v2' });
  }
  world.fill(b);

  world.serve();
  const early = sentValues(world);
  world.after(1000);

  expect(early).toEqual(['v1', 'v2']);
  expect(sentValues(world).slice(2)).toEqual(['v1', 'v2']);
});

test('while a flush waits linger counts for nothing', () => {
  const world = new World({ 'linger.ms': '1000' });
  const part = world.partition();
  world.append(part, { value: 'v1' });
  world.flushing(1);

  world.serve();

  expect(sentValues(world)).toEqual(['v1']);
});

test('while a request is being written no open batch is sealed by linger', () => {
  const world = new World({ 'linger.ms': '0' });
  const part = world.partition();
  world.connection.writingCount = 1;
  world.append(part, { value: 'v1' });

  world.serve();
  const held = sentValues(world);
  world.append(part, { value: 'v2' });
  world.connection.writingCount = 0;
  world.serve();

  expect(held).toEqual([]);
  expect(sentValues(world)).toEqual(['v1 v2']);
});

test('a full batch goes while another request is being written', () => {
  const world = new World();
  const part = world.partition();
  world.connection.writingCount = 1;
  world.batch(part, 'v1');

  world.serve();

  expect(sentValues(world)).toEqual(['v1']);
});

test('no more requests are in flight than max.in.flight allows', () => {
  const world = new World({ 'max.in.flight': '2' });
  const part = world.partition();
  for (let i = 1; i <= 4; i++) world.batch(part, `v${i}`);

  world.serve();
  const before = sentValues(world);
  world.connection.end(0, answer(['t', 0, 0, 10]));
  world.serve();

  expect(before).toEqual(['v1', 'v2']);
  expect(sentValues(world)).toEqual(['v1', 'v2', 'v3']);
});

test('an answer is the report, with its base offset', () => {
  const world = new World({ 'linger.ms': '0' });
  const part = world.partition();
  world.append(part, { value: 'v1' }, { value: 'v2' });
  world.serve();

  world.connection.end(0, answer(['t', 0, 0, 42]));

  expect(world.reports()).toEqual([{ count: 2, error: 0, status: YES, baseOffset: 42 }]);
  expect(world.rings).toBe(1);
});

test('an answer that leaves a partition out is an error of its batch', () => {
  const world = new World();
  const part = world.partition();
  world.batch(part, 'v1');
  world.serve();

  world.connection.end(0, answer(['other', 0, 0, 42]));

  expect(world.reports()).toMatchObject([{ error: E.RD_KAFKA_RESP_ERR__BAD_MSG, status: MAYBE }]);
});

test('each partition gets its own answer, in whatever order the broker gives them', () => {
  const world = new World({ 'linger.ms': '0' });
  const parts = [world.partition(0), world.partition(1), world.partition(2)];
  for (const part of parts) world.append(part, { value: 'v' });
  world.serve();

  world.connection.end(0, answer(['t', 2, 0, 12], ['other', 0, 0, 99], ['t', 0, 0, 10], ['t', 1, 0, 11]));

  expect(world.reports().map(({ error, baseOffset }) => [error, baseOffset])).toEqual([
    [0, 10],
    [0, 11],
    [0, 12],
  ]);
});

test('acks=0 is delivered when it is written, without an offset', () => {
  const values = { acks: '0', 'linger.ms': '0' };
  const world = new World(values);
  const part = world.partition(0, 't', settingsOf(values).topic);
  world.append(part, { value: 'v1' });
  world.serve();
  const { noResponse } = world.connection.open[0]!;

  world.connection.end(0);

  expect(noResponse).toBe(true);
  expect(world.reports()).toEqual([{ count: 1, error: 0, status: MAYBE, baseOffset: -1001 }]);
});

test('retries go in the order of their numbers, before what was not sent yet, after the backoff', () => {
  const world = new World({ 'retry.backoff.ms': '100', 'max.in.flight': '3' });
  const part = world.partition();
  for (let i = 1; i <= 4; i++) world.batch(part, `v${i}`);
  world.serve();
  const refused = answer(['t', 0, E.RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, -1]);
  for (let i = 0; i < 3; i++) world.connection.end(0, refused);

  world.after(50);
  const early = sentValues(world);
  world.after(100);
  world.serve();

  expect(early).toEqual(['v1', 'v2', 'v3']);
  expect(sentValues(world).slice(3, 6)).toEqual(['v1', 'v2', 'v3']);
  expect(world.reports()).toEqual([]);
});

test('the backoff doubles with each retry', () => {
  const world = new World({ 'retry.backoff.ms': '100', 'retry.backoff.max.ms': '1000' });
  const part = world.partition();
  world.batch(part, 'v1');
  world.serve();
  const waited: number[] = [];
  for (let retry = 0; retry < 3; retry++) {
    world.connection.end(0, answer(['t', 0, E.RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, -1]));
    const from = world.now;
    while (world.connection.open.length === 0) world.after(10);
    waited.push(world.now - from);
  }

  expect(waited).toEqual([100, 200, 400]);
});

test('retries that are used up report the last error', () => {
  const world = new World({ retries: '1', 'retry.backoff.ms': '10' });
  const part = world.partition();
  world.batch(part, 'v1');
  world.serve();
  world.connection.end(0, answer(['t', 0, E.RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, -1]));
  world.after(20);
  world.connection.end(0, answer(['t', 0, E.RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, -1]));

  expect(world.reports()).toMatchObject([{ error: E.RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, status: MAYBE }]);
});

test('a leader that is elsewhere costs no retry and is told', () => {
  const world = new World({ retries: '0', 'retry.backoff.ms': '10' });
  const part = world.partition();
  world.batch(part, 'v1');
  world.serve();
  for (let i = 0; i < 3; i++) {
    world.connection.end(0, answer(['t', 0, E.RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, -1]));
    world.after(30);
  }

  expect(world.stale).toEqual(Array(3).fill('t/0: 6'));
  expect(world.reports()).toEqual([]);
  expect(sentValues(world)).toEqual(['v1', 'v1', 'v1', 'v1']);
});

test('a permanent error is the report, and nothing is sent again', () => {
  const world = new World();
  const part = world.partition();
  world.batch(part, 'v1');
  world.serve();
  world.connection.end(0, answer(['t', 0, E.RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, -1]));
  world.after(10_000);

  expect(world.reports()).toMatchObject([{ error: E.RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, status: NOT }]);
  expect(world.connection.sent.length).toBe(1);
});

/** Without a connection: a full batch, and one that is open behind it. */
function offline(timeoutMs: string): { world: World; part: Partition } {
  const world = new World({ 'message.timeout.ms': timeoutMs, 'linger.ms': '0' });
  world.connection.state = 'TRY_CONNECT';
  const part = world.partition();
  world.batch(part, 'v1');
  world.append(part, { value: 'v2' });
  world.serve();
  return { world, part };
}

test('batches past message.timeout.ms are reported without a connection', () => {
  const { world } = offline('500');

  world.after(499);
  const early = world.reports();
  world.after(260);

  expect(early).toEqual([]);
  expect(world.connection.connects).toBeGreaterThan(0);
  expect(world.reports()).toMatchObject([
    { count: 1, error: E.RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, status: NOT },
    { count: 1, error: E.RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, status: NOT },
  ]);
});

test('an open batch that can not be sent is sealed when it is old, whatever stands before it', () => {
  const { world, part } = offline('10000');

  world.after(1100);
  world.append(part, { value: 'v3' });

  expect(part.fifo.map(({ count, number }) => [count, number])).toEqual([
    [1, 0],
    [1, 1],
    [-1, 0],
  ]);
});

test('a message that expires in flight is possibly persisted', () => {
  const values = { 'message.timeout.ms': '500', 'linger.ms': '0' };
  const world = new World(values);
  const part = world.partition(0, 't', settingsOf(values).topic);
  world.append(part, { value: 'v1' });
  world.serve();
  const { timeoutMs } = world.connection.open[0]!;
  world.now += timeoutMs;

  world.connection.end(E.RD_KAFKA_RESP_ERR__TIMED_OUT);

  expect(timeoutMs).toBe(500);
  expect(world.reports()).toMatchObject([{ error: E.RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, status: MAYBE }]);
});

test('batches that give up at very different times do not share a request', () => {
  const short = settingsOf({ 'message.timeout.ms': '1000', 'linger.ms': '0' }).topic;
  const world = new World({ 'linger.ms': '0' });
  const [hasty, patient] = [world.partition(0, 'hasty', short), world.partition(0, 'patient')];
  world.batch(hasty, 'v1');
  world.batch(patient, 'v2');

  world.serve();

  expect(sentValues(world)).toEqual(['v1', 'v2']);
  expect(world.connection.open.map(({ timeoutMs }) => timeoutMs)).toEqual([1000, 60_000]);
});

test('partitions that a full request left out come first in the next', () => {
  const world = new World({ 'message.max.bytes': '10000000', 'batch.size': '10000000', 'max.in.flight': '1' });
  const [a, b] = [world.partition(0, 'a'), world.partition(0, 'b')];
  const large = Buffer.alloc(3 << 20);
  for (const part of [a, b]) {
    for (let i = 0; i < 2; i++) {
      world.append(part, { key: `v${part.topic === 'a' ? 1 : 2}`, value: large });
      world.fill(part);
    }
  }
  world.producer.wake(a);

  for (let i = 0; i < 4; i++) {
    world.serve();
    world.connection.end(0, answer([i % 2 === 0 ? 'a' : 'b', 0, 0, i]));
  }

  expect(sentValues(world)).toEqual(['v1', 'v2', 'v1', 'v2']);
});

test('a purge reports what is queued, open or full, and nothing in flight', () => {
  const world = new World({ 'linger.ms': '1000', 'max.in.flight': '1' });
  const part = world.partition();
  world.batch(part, 'v1');
  world.serve();
  world.batch(part, 'v2');
  world.append(part, { value: 'v3' });

  world.producer.purgeQueue(false);

  expect(world.reports()).toMatchObject([
    { error: E.RD_KAFKA_RESP_ERR__PURGE_QUEUE, status: NOT },
    { error: E.RD_KAFKA_RESP_ERR__PURGE_QUEUE, status: NOT },
  ]);
  expect(world.producer.calls.size).toBe(1);
});

test('a purge of everything reports what is queued behind what is in flight', () => {
  const world = new World({ 'max.in.flight': '1' });
  const part = world.partition();
  world.batch(part, 'v1');
  world.serve();
  world.batch(part, 'v2');

  world.producer.purgeQueue(true);
  const early = world.reports();
  world.connection.end(E.RD_KAFKA_RESP_ERR__PURGE_INFLIGHT);

  expect(early).toEqual([]);
  expect(world.reports()).toMatchObject([
    { error: E.RD_KAFKA_RESP_ERR__PURGE_INFLIGHT, status: MAYBE },
    { error: E.RD_KAFKA_RESP_ERR__PURGE_QUEUE, status: NOT },
  ]);
});

test('a younger batch does not expire before an older one that is in flight', () => {
  const values = { 'message.timeout.ms': '500', 'linger.ms': '0', 'max.in.flight': '1' };
  const world = new World(values);
  const part = world.partition(0, 't', settingsOf(values).topic);
  world.batch(part, 'v1');
  world.serve();
  world.batch(part, 'v2');

  world.after(760);
  const early = world.reports();
  world.connection.end(E.RD_KAFKA_RESP_ERR__TIMED_OUT);
  world.after(260);

  expect(early).toEqual([]);
  expect(world.reports()).toMatchObject([{ status: MAYBE }, { status: NOT }]);
});

test('a partition without anything in flight leaves at once with its row', () => {
  const world = new World({ 'linger.ms': '1000' });
  const part = world.partition();
  world.batch(part, 'v1');
  world.append(part, { value: 'v2' });

  world.producer.leave(part);
  world.after(5000);

  expect(world.left).toEqual([part]);
  expect(part.left().fifo.length).toBe(2);
  expect(world.connection.sent).toEqual([]);
});

test('a partition that leaves waits for what is in flight, and takes it along in front', () => {
  const world = new World({ 'max.in.flight': '2' });
  const part = world.partition();
  for (let i = 1; i <= 3; i++) world.batch(part, `v${i}`);
  world.serve();

  world.producer.leave(part);
  const early = world.left.length;
  world.connection.end(0, answer(['t', 0, 0, 0]));
  world.connection.end(0, answer(['t', 0, E.RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, -1]));

  expect(early).toBe(0);
  expect(world.left).toEqual([part]);
  expect(part.left()).toMatchObject({ fifo: [{ number: 1 }, { count: -1 }], nextNumber: 2 });
  expect(world.reports()).toMatchObject([{ error: 0 }]);
});

test('what the app pushes after a partition has left stays in its HEAD', () => {
  const world = new World();
  const part = world.partition();
  world.producer.leave(part);

  world.batch(part, 'v1');
  world.after(5000);

  expect(part.fifo).toEqual([]);
  expect(world.connection.sent).toEqual([]);
});

test('errors of single records go to the app before the report', () => {
  const world = new World({ 'linger.ms': '0' });
  const part = world.partition();
  world.append(part, { value: 'v1' }, { value: 'v2' });
  world.serve();

  world.connection.end(0, {
    responses: [
      {
        name: 't',
        partitionResponses: [
          {
            index: 0,
            errorCode: E.RD_KAFKA_RESP_ERR_INVALID_RECORD,
            baseOffset: -1,
            recordErrors: [{ batchIndex: 1, batchIndexErrorMessage: 'no' }],
            errorMessage: 'bad batch',
          },
        ],
      },
    ],
  });

  expect(world.toApp).toMatchObject([
    { type: 'details', errors: [{ index: 1, err: E.RD_KAFKA_RESP_ERR_INVALID_RECORD, text: 'no' }] },
  ]);
  expect(world.reports()).toMatchObject([{ count: 2, error: E.RD_KAFKA_RESP_ERR_INVALID_RECORD, status: NOT }]);
});
