// The identity of an idempotent producer: how it is asked for, raised, told, and given up for good.
import { expect, test } from 'vitest';
import * as E from '../../../src/defs/enums.ts';
import { Idempotence } from '../../../src/main/idempotence.ts';
import type { ProducerId } from '../../../src/ops/ops.ts';
import type { WireRequest } from '../../../src/wire/requests.ts';

class World {
  readonly asked: WireRequest[] = [];
  readonly told: ProducerId[] = [];
  readonly fatals: number[] = [];
  readonly logs: string[] = [];
  readonly idempotence: Idempotence;
  now = 1000;
  soons = 0;

  constructor() {
    this.idempotence = new Idempotence({
      now: () => this.now,
      sendAny: (request) => this.asked.push(request),
      log: (level, fac, text) => this.logs.push(`${level} ${fac} ${text}`),
      fatal: (err) => this.fatals.push(err),
      tell: (identity) => this.told.push(identity),
      soon: () => this.soons++,
    });
  }

  poll(ms = 0): number {
    this.now += ms;
    return this.idempotence.poll(this.now);
  }

  /** The last request ends with this. */
  fail(error: number): void {
    this.asked.at(-1)!.done(error, null, -1, null);
  }

  answer(errorCode: number, producerId = -1, producerEpoch = -1): void {
    this.asked.at(-1)!.done(0, { errorCode, producerId, producerEpoch }, 4, null);
  }
}

function assigned(id: number, epoch: number): World {
  const world = new World();
  world.poll();
  world.answer(0, id, epoch);
  return world;
}

test('an id is asked for at once, without one of its own', () => {
  const world = new World();

  expect(world.poll()).toBe(Number.POSITIVE_INFINITY);

  expect(world.asked.map(({ name, body }) => [name, body])).toEqual([
    ['InitProducerId', { transactionalId: null, transactionTimeoutMs: -1, producerId: -1, producerEpoch: -1 }],
  ]);
  expect(world.idempotence.identity).toBe(null);
});

test('nobody is asked twice at a time', () => {
  const world = new World();
  world.poll();

  expect(world.poll(60_000)).toBe(Number.POSITIVE_INFINITY);

  expect(world.asked).toHaveLength(1);
});

test('what the cluster gives is told, and known to workers that start later', () => {
  const world = assigned(7, 2);

  expect(world.told).toEqual([{ id: 7, epoch: 2 }]);
  expect(world.idempotence.identity).toEqual({ id: 7, epoch: 2 });
  expect(world.poll(60_000)).toBe(Number.POSITIVE_INFINITY);
  expect(world.asked).toHaveLength(1);
});

for (const [what, end] of [
  ['a lost connection', (world: World) => world.fail(E.RD_KAFKA_RESP_ERR__TRANSPORT)],
  ['a time-out', (world: World) => world.fail(E.RD_KAFKA_RESP_ERR__TIMED_OUT)],
  ['a coordinator that loads', (world: World) => world.answer(E.RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS)],
  ['an error without a meaning here', (world: World) => world.answer(E.RD_KAFKA_RESP_ERR_INVALID_REQUEST)],
] as const)
  test(`after ${what} it is asked for again, 500 ms later and again after that`, () => {
    const world = new World();
    world.poll();

    for (let tried = 1; tried <= 3; tried++) {
      end(world);
      expect(world.soons).toBe(tried);
      expect(world.poll()).toBe(world.now + 500);
      expect(world.poll(499)).toBe(world.now + 1);
      expect(world.asked).toHaveLength(tried);
      world.poll(1);
      expect(world.asked).toHaveLength(tried + 1);
    }

    world.answer(0, 9, 0);
    expect(world.told).toEqual([{ id: 9, epoch: 0 }]);
    expect(world.fatals).toEqual([]);
  });

test('an error that passes is no line for people, another one is', () => {
  const levels = (code: number) => {
    const world = new World();
    world.poll();
    world.answer(code);
    return world.logs.filter((line) => line.includes('GETPID')).map((line) => line.split(' ')[0]);
  };

  expect(levels(E.RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE)).toEqual(['7']);
  expect(levels(E.RD_KAFKA_RESP_ERR_INVALID_REQUEST)).toEqual(['3']);
});

for (const [name, code, local] of [
  ['_UNSUPPORTED_FEATURE', E.RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, true],
  ['INVALID_TRANSACTION_TIMEOUT', E.RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT, false],
  ['TRANSACTIONAL_ID_AUTHORIZATION_FAILED', E.RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED, false],
  ['CLUSTER_AUTHORIZATION_FAILED', E.RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, false],
] as const)
  test(`${name} is fatal: nobody is asked again`, () => {
    const world = new World();
    world.poll();

    if (local) world.fail(code);
    else world.answer(code);

    expect(world.fatals).toEqual([code]);
    expect(world.poll(60_000)).toBe(Number.POSITIVE_INFINITY);
    expect(world.asked).toHaveLength(1);
  });

test('an epoch is raised without a broker, and told', () => {
  const world = assigned(7, 2);

  world.idempotence.raise({ id: 7, epoch: 2 });

  expect(world.told).toEqual([
    { id: 7, epoch: 2 },
    { id: 7, epoch: 3 },
  ]);
  expect(world.idempotence.identity).toEqual({ id: 7, epoch: 3 });
  world.poll(60_000);
  expect(world.asked).toHaveLength(1);
});

test('several partitions that ask from one epoch get one new one', () => {
  const world = assigned(7, 2);

  for (let partition = 0; partition < 5; partition++) world.idempotence.raise({ id: 7, epoch: 2 });
  expect(world.idempotence.identity).toEqual({ id: 7, epoch: 3 });

  world.idempotence.raise({ id: 7, epoch: 3 });
  expect(world.idempotence.identity).toEqual({ id: 7, epoch: 4 });
});

test('behind epoch 32767 comes a new id; until then the old identity holds', () => {
  const world = assigned(7, 32_766);
  world.idempotence.raise({ id: 7, epoch: 32_766 });
  expect(world.idempotence.identity).toEqual({ id: 7, epoch: 32_767 });

  world.idempotence.raise({ id: 7, epoch: 32_767 });
  world.idempotence.raise({ id: 7, epoch: 32_767 });
  world.poll();

  expect(world.asked).toHaveLength(2);
  expect(world.asked[1]!.body).toMatchObject({ producerId: -1, producerEpoch: -1 });
  expect(world.idempotence.identity).toEqual({ id: 7, epoch: 32_767 });
  world.answer(0, 8, 0);
  expect(world.told.at(-1)).toEqual({ id: 8, epoch: 0 });
});

test('a partition that asks from another id is not listened to', () => {
  const world = assigned(8, 0);

  world.idempotence.raise({ id: 7, epoch: 0 });

  expect(world.told).toEqual([{ id: 8, epoch: 0 }]);
});

test('after a fatal error of the handle an answer that is still on its way tells nobody, and no epoch is raised', () => {
  const waiting = new World();
  waiting.poll();
  waiting.idempotence.stop();
  waiting.answer(0, 7, 0);
  const running = assigned(7, 0);
  running.idempotence.stop();
  running.idempotence.stop();

  running.idempotence.raise({ id: 7, epoch: 0 });

  expect(waiting.told).toEqual([]);
  expect(waiting.fatals).toEqual([]);
  expect(waiting.poll(60_000)).toBe(Number.POSITIVE_INFINITY);
  expect(running.told).toEqual([{ id: 7, epoch: 0 }]);
});
