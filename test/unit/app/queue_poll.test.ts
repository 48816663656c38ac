// What queue_poll, the batch and the callback calls take off a queue, step by step: the test says when something came.
import { expect, test } from 'vitest';
import { batchSteps, consumeCallbackSteps, eventSteps } from '../../../src/app/queue_poll.ts';
import type { Steps, Wait } from '../../../src/app/steps.ts';
import * as E from '../../../src/defs/enums.ts';
import { ConsumerScene as Scene } from '../../kit/consumer_scene.ts';

const PARTITION_EOF = -191;

/** A call that waits: looks when it is asked to. */
class Call<T> {
  private readonly steps: Steps<T>;
  private at: IteratorResult<Wait, T>;

  constructor(steps: Steps<T>) {
    this.steps = steps;
    this.at = steps.next(true);
  }

  /** What it gives; undefined while it waits. */
  look(): T | undefined {
    while (this.at.done !== true && this.at.value.ready()) this.at = this.steps.next(true);
    return this.at.done === true ? this.at.value : undefined;
  }

  timeOut(): T {
    if (this.at.done !== true) this.at = this.steps.next(false);
    if (this.at.done !== true) throw new Error('it waits for more');
    return this.at.value;
  }

  abort(): void {
    expect(() => this.steps.throw(new Error('aborted'))).toThrow('aborted');
  }
}

const batch = (scene: Scene, most: number, timeoutMs = 1000): Call<number[]> => {
  function* offsets(): Steps<number[]> {
    const messages = yield* batchSteps(scene.rk, scene.queue.queue, timeoutMs, most);
    return messages.map(({ err, offset }) => (err === 0 ? offset : err));
  }
  return new Call(offsets());
};

test('a batch is as large as was asked for, and the next one goes on behind it', () => {
  const scene = new Scene();
  scene.assigned(0, 1);
  scene.fetched(1, 0, 1, 0, 4);

  expect([batch(scene, 3).look(), batch(scene, 2).look(), scene.take()]).toEqual([[0, 1, 2], [3, 4], []]);
});

test('a batch waits until it is full, or for its time', () => {
  const scene = new Scene();
  const cell = scene.assigned(0, 1);
  const call = batch(scene, 5);
  scene.fetched(1, 0, 1, 0, 1);
  const looks = [call.look(), cell.position];
  scene.fetched(1, 0, 1, 2, 3);
  looks.push(call.look());

  expect(looks).toEqual([undefined, -1001, undefined]);
  expect([call.timeOut(), cell.position]).toEqual([[0, 1, 2, 3], 4]);
});

test('a batch of none is empty at once', () => {
  const scene = new Scene();
  scene.assigned(0, 1);
  scene.fetched(1, 0, 1, 0, 1);

  expect([batch(scene, 0).look(), scene.take()]).toEqual([[], [0, 1]]);
});

test('records before the one that was asked for do not fill a batch', () => {
  const scene = new Scene();
  scene.assigned(0, 1);
  const call = batch(scene, 3);
  scene.fetched(1, 0, 1, 0, 4, -1, 3);
  const early = call.look();
  scene.fetched(1, 0, 1, 5, 5);

  expect([early, call.look()]).toEqual([undefined, [3, 4, 5]]);
});

test('the end of a partition is one of a batch', () => {
  const scene = new Scene();
  scene.assigned(0, 1);
  const call = batch(scene, 3);
  scene.fetched(1, 0, 1, 0, 1, 2);

  expect(call.look()).toEqual([0, 1, PARTITION_EOF]);
});

test('what is sought over, paused or let go while a batch waits is not in it', () => {
  const scene = new Scene();
  for (const partition of [0, 1, 2, 3]) scene.assigned(partition, partition + 1);
  const call = batch(scene, 100);
  for (const partition of [0, 1, 2, 3]) scene.fetched(1, partition, partition + 1, 10 * partition, 10 * partition + 1);
  expect(call.look()).toBe(undefined);

  scene.seek([0, 1]);
  scene.sought(0, 5);
  scene.fetched(1, 0, 5, 1, 1);
  scene.pause(1);
  scene.queue.route({ type: 'revoked', cells: [scene.cell(2)] });

  expect(call.timeOut()).toEqual([30, 31, 1]);
  scene.resume(1);
  expect(scene.take()).toEqual([10, 11]);
});

test('a batch that is aborted has taken nothing', () => {
  const scene = new Scene();
  const cell = scene.assigned(0, 1);
  const call = batch(scene, 5);
  scene.fetched(1, 0, 1, 0, 1);
  call.look();

  call.abort();

  expect([cell.position, scene.take()]).toEqual([-1001, [0, 1]]);
});

test('a rebalance that comes while a batch waits is served, and the batch goes on', () => {
  const scene = new Scene();
  let rebalances = 0;
  scene.onRebalance = () => {
    rebalances++;
  };
  scene.assigned(0, 1);
  const call = batch(scene, 3);
  scene.fetched(1, 0, 1, 0, 1);
  call.look();
  scene.queue.route({ type: 'rebalance', err: -174, partitions: [], lost: false, generation: 1 });
  const looks = [call.look(), rebalances];
  scene.fetched(1, 0, 1, 2, 2);

  expect([looks, call.look()]).toEqual([
    [undefined, 1],
    [0, 1, 2],
  ]);
});

test('a batch ends early when no more is fetched before some of it is taken', () => {
  const scene = new Scene({ 'queued.min.messages': 3 });
  scene.assigned(0, 1);
  const call = batch(scene, 100);
  scene.fetched(1, 0, 1, 0, 1);
  const early = call.look();
  scene.fetched(1, 0, 1, 2, 3);

  expect([early, call.look()]).toEqual([undefined, [0, 1, 2, 3]]);
});

test('consume_callback gets what is here after the first, at most so many, and ends when the callback yields', () => {
  const scene = new Scene();
  const got: number[] = [];
  const each = (most: number, cb = (offset: number): void => void got.push(offset)): Call<number> =>
    new Call(consumeCallbackSteps(scene.rk, scene.queue.queue, 1000, most, ({ offset }) => cb(offset)));
  scene.assigned(0, 1);
  const waiting = each(0);
  expect(waiting.look()).toBe(undefined);
  scene.fetched(1, 0, 1, 0, 9);

  const yields = (offset: number): void => {
    got.push(offset);
    (scene.rk as { yielded: boolean }).yielded = offset === 5;
  };

  expect([each(3).look(), each(0, yields).look(), waiting.look()]).toEqual([3, 3, 4]);
  expect(got).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('a callback that throws leaves the messages behind the one that it had', () => {
  const scene = new Scene();
  scene.assigned(0, 1);
  scene.fetched(1, 0, 1, 0, 2);

  expect(() =>
    new Call(
      consumeCallbackSteps(scene.rk, scene.queue.queue, 1000, 0, () => {
        throw new Error('no');
      }),
    ).look(),
  ).toThrow('no');

  expect(scene.take()).toEqual([1, 2]);
});

test('events come urgent ones first: rebalances and results of commits, then messages, each with what is in it', () => {
  const scene = new Scene();
  scene.assigned(0, 1);
  scene.fetched(1, 0, 1, 0, 0, 1);
  scene.queue.queue.pushUrgent({
    kind: 'offset_commit',
    err: 22,
    offsets: [{ topic: 't', partition: 0, offset: 4 }],
    cb: null,
    opaque: 'mine',
  });
  scene.queue.route({
    type: 'rebalance',
    err: -175,
    partitions: [{ topic: 't', partition: 1, offset: -1001 }],
    lost: true,
    generation: 1,
  });
  const next = () => new Call(eventSteps(scene.rk, scene.queue.queue, 0)).look() ?? null;

  const [commit, rebalance, fetch, end] = [next()!, next()!, next()!, next()!];

  expect([commit.type, commit.err, commit.opaque, commit.list!.elems[0]!.offset]).toEqual([32, 22, 'mine', 4]);
  expect([rebalance.type, rebalance.err, rebalance.list!.elems[0]!.partition]).toEqual([16, -175, 1]);
  expect(scene.queue.assignmentLost).toBe(true);
  expect([fetch.type, fetch.messageCount, fetch.nextMessage()!.offset, fetch.nextMessage()]).toEqual([2, 1, 0, null]);
  expect([end.type, end.err, end.partition!.offset]).toEqual([E.RD_KAFKA_EVENT_ERROR, PARTITION_EOF, 1]);
  expect(next()).toBe(null);
});

test('a message counts as handed out when its event is taken off the queue', () => {
  const scene = new Scene();
  const cell = scene.assigned(0, 1);
  scene.fetched(1, 0, 1, 0, 1);

  new Call(eventSteps(scene.rk, scene.queue.queue, 0)).look();

  expect(cell.position).toBe(1);
});
