// Idempotence of a partition, by its producer: what is sent when, under which sequence, and what refusals of it mean.
import { describe, expect, test } from 'vitest';
import type { Partition } from '../../../src/broker/partition.ts';
import { PartitionSequence } from '../../../src/broker/sequence.ts';
import * as E from '../../../src/defs/enums.ts';
import { answer, World } from './kit.ts';

const OUT_OF_ORDER = E.RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER;
const DUPLICATE = E.RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER;
const UNKNOWN_PRODUCER = E.RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID;
const FEW_REPLICAS = E.RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS;
const TRANSPORT = E.RD_KAFKA_RESP_ERR__TRANSPORT;
const NO = E.RD_KAFKA_MSG_STATUS_NOT_PERSISTED;
const MAYBE = E.RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED;
const YES = E.RD_KAFKA_MSG_STATUS_PERSISTED;

function idempotent(values: Readonly<Record<string, string>> = {}): World {
  const world = new World({ 'enable.idempotence': 'true', 'linger.ms': '0', ...values });
  world.identity = { id: 70, epoch: 3 };
  return world;
}

/** A partition that has stored messages up to sequence 9 already. */
function begun(world: World): Partition {
  const part = world.partition();
  Object.assign(part.sequence!, { id: 70, epoch: 3, next: 10, due: 10 });
  return part;
}

/** Epoch and base sequence of each request so far, one batch in each. */
function sent(world: World): number[][] {
  return world.connection.sent.map((frame) => {
    const at = frame.indexOf(Buffer.from([0, 0, 0, 0, 0, 0, 0, 70]));
    return [frame.readInt16BE(at + 8), frame.readInt32BE(at + 10)];
  });
}

function send(world: World, part: Partition, values: number): void {
  for (let i = 0; i < values; i++) {
    world.batch(part, 'v');
    world.serve();
  }
}

const refuse = (world: World, error: number) => world.connection.end(0, answer(['t', 0, error, -1]));
const accept = (world: World, offset: number) => world.connection.end(0, answer(['t', 0, 0, offset]));

test('nothing is sent before there is a producer id', () => {
  const world = new World({ 'enable.idempotence': 'true', 'linger.ms': '0' });
  const part = world.partition();
  send(world, part, 1);
  expect(world.connection.sent).toHaveLength(0);

  world.identity = { id: 70, epoch: 0 };
  world.serve();

  expect(sent(world)).toEqual([[0, 0]]);
});

test('the first batch of an epoch goes alone, so that none behind it is taken for the first', () => {
  const world = idempotent();
  const part = world.partition();
  send(world, part, 3);
  expect(sent(world)).toEqual([[3, 0]]);

  refuse(world, E.RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
  world.after(5000);
  expect(sent(world).slice(1)).toEqual([[3, 0]]);
  accept(world, 0);
  world.serve();

  expect(sent(world).slice(2)).toEqual([
    [3, 1],
    [3, 2],
  ]);
});

test('each batch goes on in sequence behind the one before, five at a time', () => {
  const world = idempotent();
  const part = begun(world);
  world.append(part, { value: 'a' }, { value: 'b' }, { value: 'c' });
  world.fill(part);
  send(world, part, 8);

  expect(sent(world)).toEqual([
    [3, 10],
    [3, 13],
    [3, 14],
    [3, 15],
    [3, 16],
  ]);
});

test('after a failure nothing is sent until nothing is in flight, then all that failed go again under their sequences', () => {
  const world = idempotent({ 'max.in.flight': '3' });
  const part = begun(world);
  send(world, part, 4);

  refuse(world, FEW_REPLICAS);
  world.after(5000);
  expect(world.connection.sent).toHaveLength(3);
  refuse(world, OUT_OF_ORDER);
  refuse(world, OUT_OF_ORDER);
  world.after(5000);

  expect(sent(world).slice(3)).toEqual([
    [3, 10],
    [3, 11],
    [3, 12],
  ]);
  for (let offset = 0; offset < 3; offset++) accept(world, offset);
  world.serve();
  accept(world, 3);
  expect(world.reports().map(({ error, baseOffset }) => [error, baseOffset])).toEqual([
    [0, 0],
    [0, 1],
    [0, 2],
    [0, 3],
  ]);
  expect(world.raised).toEqual([]);
});

// librdkafka's unittest_idempotent_producer (src/rdkafka_request.c).
test('of four batches one is stored, one refused, two follow it: those three are stored at the next try', () => {
  const world = idempotent({ 'retry.backoff.ms': '1' });
  const part = begun(world);
  for (let batch = 0; batch < 4; batch++) {
    world.append(part, { value: 'a' }, { value: 'b' }, { value: 'c' });
    world.fill(part);
    world.serve();
  }

  accept(world, 1000);
  expect(part.fifo).toHaveLength(0);
  refuse(world, E.RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
  expect(part.fifo).toHaveLength(1);
  refuse(world, OUT_OF_ORDER);
  expect(part.fifo).toHaveLength(2);
  refuse(world, OUT_OF_ORDER);
  expect(part.fifo).toHaveLength(3);
  world.after(5);
  for (const offset of [1003, 1006, 1009]) accept(world, offset);

  expect(sent(world).slice(4)).toEqual([
    [3, 13],
    [3, 16],
    [3, 19],
  ]);
  expect(world.reports()).toEqual(
    [1000, 1003, 1006, 1009].map((baseOffset) => ({ count: 3, error: 0, status: YES, baseOffset })),
  );
  expect([world.fatals, world.raised]).toEqual([[], []]);
});

test('a batch that may be stored is reported as delivered before the one behind it, and sent no more', () => {
  const world = idempotent();
  const part = begun(world);
  send(world, part, 2);

  refuse(world, E.RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND);
  accept(world, 11);
  world.after(5000);

  expect(world.reports()).toEqual([-1001, 11].map((baseOffset) => ({ count: 1, error: 0, status: YES, baseOffset })));
  expect(world.connection.sent).toHaveLength(2);
  expect(part.sequence!.broken).toBe(false);
});

// So main, which has the batches of a partition between two brokers, need not know what is stored.
test('a partition that leaves takes nothing along that is known to be stored', () => {
  const world = idempotent();
  const part = begun(world);
  send(world, part, 3);
  world.producer.leave(part);

  refuse(world, E.RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND);
  accept(world, 11);
  world.connection.end(TRANSPORT);

  expect(world.left).toEqual([part]);
  expect(part.left().fifo).toMatchObject([{ sequence: 12, maybePersisted: true }]);
});

test('a broker that remembers only the youngest of what it has stored is believed that it has the others', () => {
  const world = idempotent();
  const part = begun(world);
  send(world, part, 3);
  for (let i = 0; i < 3; i++) world.connection.end(TRANSPORT);
  world.after(5000);

  refuse(world, OUT_OF_ORDER);
  refuse(world, OUT_OF_ORDER);
  accept(world, 12);

  expect(world.reports().map(({ error, baseOffset }) => [error, baseOffset])).toEqual([
    [0, -1001],
    [0, -1001],
    [0, 12],
  ]);
  expect(world.fatals).toEqual([]);
});

test('a batch that the broker has already is delivered, where it does not say', () => {
  const world = idempotent();
  const part = world.partition();
  send(world, part, 1);
  world.connection.end(TRANSPORT);
  world.after(5000);

  refuse(world, DUPLICATE);

  expect(world.reports()).toEqual([{ count: 1, error: 0, status: YES, baseOffset: -1001 }]);
});

test('a batch that was sent and is given up makes the partition begin a new epoch', () => {
  const world = idempotent();
  const part = begun(world);
  send(world, part, 3);

  refuse(world, E.RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  refuse(world, OUT_OF_ORDER);
  refuse(world, OUT_OF_ORDER);
  world.serve();
  world.serve();
  expect(world.raised).toEqual([{ id: 70, epoch: 3 }]);
  expect(world.connection.sent).toHaveLength(3);
  world.identity = { id: 70, epoch: 4 };
  world.serve();

  expect(sent(world).slice(3)).toEqual([[4, 0]]);
  accept(world, 7);
  world.serve();
  expect(sent(world).slice(4)).toEqual([[4, 1]]);
  expect(world.reports()).toMatchObject([
    { error: E.RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, status: NO },
    { error: 0, baseOffset: 7 },
  ]);
});

test('what may be stored is settled under its old sequence before the new epoch begins', () => {
  const world = idempotent({ 'message.timeout.ms': '60000' });
  const part = begun(world);
  send(world, part, 1);
  world.after(59_000);
  send(world, part, 2);
  for (let i = 0; i < 3; i++) world.connection.end(TRANSPORT);

  world.after(2000);
  expect(world.reports()).toMatchObject([{ error: E.RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, status: MAYBE }]);
  world.serve();
  expect(world.raised).toEqual([]);
  expect(sent(world).slice(3)).toEqual([
    [3, 11],
    [3, 12],
  ]);

  refuse(world, DUPLICATE);
  accept(world, 2);
  expect(world.reports()).toMatchObject([{ error: 0 }, { error: 0 }]);
  send(world, part, 1);
  expect(world.raised).toEqual([{ id: 70, epoch: 3 }]);
});

test('a batch that was never sent leaves no gap when it is given up', () => {
  const world = idempotent({ 'message.timeout.ms': '1000' });
  const part = world.partition();
  world.connection.state = 'DOWN';
  send(world, part, 2);
  world.after(2000);
  world.connection.state = 'UP';

  send(world, part, 1);

  expect(world.reports()).toHaveLength(2);
  expect(world.raised).toEqual([]);
  expect(sent(world)).toEqual([[3, 0]]);
});

test('a partition that has nothing under way follows a new epoch at once', () => {
  const world = idempotent();
  const part = world.partition();
  send(world, part, 1);
  accept(world, 0);
  world.identity = { id: 70, epoch: 4 };

  send(world, part, 1);

  expect(sent(world)).toEqual([
    [3, 0],
    [4, 0],
  ]);
});

test('a partition with something in flight goes on in its epoch', () => {
  const world = idempotent();
  const part = begun(world);
  send(world, part, 1);
  world.identity = { id: 70, epoch: 4 };

  send(world, part, 1);

  expect(sent(world)).toEqual([
    [3, 10],
    [3, 11],
  ]);
});

describe('fatal is', () => {
  test('a refused sequence where nothing before it had failed', () => {
    const world = idempotent();
    const part = world.partition();
    send(world, part, 1);

    refuse(world, OUT_OF_ORDER);

    expect(world.fatals).toEqual([
      `${OUT_OF_ORDER}: t [0]: 1 messages failed due to sequence desynchronization with the broker`,
    ]);
    expect(world.reports()).toMatchObject([{ error: OUT_OF_ORDER, status: NO }]);
  });

  test('a sequence that the broker finds behind what it has confirmed', () => {
    const world = idempotent();
    const part = begun(world);
    send(world, part, 2);
    const [first, second] = world.connection.open.splice(0);
    second!.done(0, answer(['t', 0, 0, 1]), 9, null);
    first!.done(0, answer(['t', 0, OUT_OF_ORDER, -1]), 9, null);

    expect(world.fatals[0]).toContain('rewound sequence number');
  });

  test('a refused sequence of what may be stored, once none behind it is known to the broker either', () => {
    const world = idempotent();
    const part = begun(world);
    send(world, part, 2);
    for (let i = 0; i < 2; i++) world.connection.end(TRANSPORT);
    world.after(5000);

    for (let i = 0; i < 2; i++) refuse(world, OUT_OF_ORDER);
    expect(world.fatals).toEqual([]);
    world.after(5000);
    refuse(world, OUT_OF_ORDER);

    expect(world.fatals[0]).toContain('desynchronization');
    expect(world.reports()).toMatchObject([{ error: OUT_OF_ORDER, status: MAYBE }]);
  });

  test('an unknown producer id for what may be stored already', () => {
    const world = idempotent();
    const part = world.partition();
    send(world, part, 1);
    world.connection.end(TRANSPORT);
    world.after(5000);

    refuse(world, UNKNOWN_PRODUCER);

    expect(world.fatals[0]).toContain('desynchronization');
  });

  test('a failed batch, with the gapless guarantee', () => {
    const world = idempotent({ 'enable.gapless.guarantee': 'true' });
    const part = world.partition();
    send(world, part, 1);

    refuse(world, E.RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);

    expect(world.fatals[0]).toMatch(
      new RegExp(`^${E.RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE}: t \\[0\\]: 1 messages failed`),
    );
  });

  test('no message that timed out, with or without the gapless guarantee', () => {
    const world = idempotent({ 'enable.gapless.guarantee': 'true', 'message.timeout.ms': '1000' });
    const part = world.partition();
    world.connection.state = 'DOWN';
    send(world, part, 1);

    world.after(2000);

    expect(world.reports()).toHaveLength(1);
    expect(world.fatals).toEqual([]);
  });
});

test('an unknown producer id at the first try begins a new epoch, after the backoff', () => {
  const world = idempotent();
  const part = world.partition();
  send(world, part, 1);

  refuse(world, UNKNOWN_PRODUCER);
  world.identity = { id: 70, epoch: 4 };
  world.serve();
  expect(world.connection.sent).toHaveLength(1);
  world.after(5000);

  expect(sent(world)[1]).toEqual([4, 0]);
});

test('after a fatal error nothing is sent again', () => {
  const world = idempotent();
  const part = begun(world);
  send(world, part, 2);

  refuse(world, OUT_OF_ORDER);
  world.connection.end(TRANSPORT);
  world.after(5000);

  expect(world.connection.sent).toHaveLength(2);
  expect(world.reports()).toMatchObject([{ error: OUT_OF_ORDER }, { error: TRANSPORT, status: MAYBE }]);
});

test('a partition takes its place in the sequence along to another broker', () => {
  const world = idempotent();
  const part = begun(world);
  send(world, part, 2);
  accept(world, 0);

  const state = part.left().sequence;

  expect(new PartitionSequence(state).save()).toEqual({ id: 70, epoch: 3, next: 12, due: 11, broken: false });
});

test('sequences wrap behind 2^31 - 1', () => {
  const world = idempotent();
  const part = world.partition();
  Object.assign(part.sequence!, { id: 70, epoch: 3, next: 0x7fffffff, due: 0x7fffffff });
  send(world, part, 2);

  refuse(world, FEW_REPLICAS);
  refuse(world, OUT_OF_ORDER);
  world.after(5000);

  expect(sent(world)).toEqual([
    [3, 0x7fffffff],
    [3, 0],
    [3, 0x7fffffff],
    [3, 0],
  ]);
  expect(world.fatals).toEqual([]);
});
