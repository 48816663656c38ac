import { expect, test } from 'vitest';
import { Closing } from '../../../src/main/closing.ts';
import type { MainHandle } from '../../../src/main/handle.ts';
import type { HandleWorker } from '../../../src/main/workers.ts';

/** The parts of a handle that its end touches; what they were told is written down. */
function aHandle(workers: number): { closing: Closing; workers: HandleWorker[]; events: string[] } {
  const events: string[] = [];
  const all = Array.from({ length: workers }, (_, i) => ({
    closed: false,
    reader: { closed: false, close: () => {} },
    channel: { post: (op: { type: string }) => void events.push(`${op.type} worker ${i + 1}`) },
  })) as unknown as HandleWorker[];
  const rk = {
    consumer: null,
    now: () => 0,
    workers: { all, release: () => void events.push('worker released') },
    brokers: {
      close: (done: () => void) => {
        events.push('sockets closed');
        done();
      },
    },
    finish: () => void events.push('finished'),
  };
  return { closing: new Closing(rk as unknown as MainHandle), workers: all, events };
}

test('workers close first, then the sockets of main', () => {
  const { closing, workers, events } = aHandle(1);
  closing.start(1000);
  workers[0]!.closed = true;
  closing.workerClosed(workers[0]!);

  expect(events.slice(0, 2)).toEqual(['close worker 1', 'sockets closed']);
  expect(events.filter((each) => each === 'finished').length).toBe(1);
});

test('a worker that does not answer keeps neither the handle nor its sockets past the deadline', () => {
  const { closing, events } = aHandle(2);
  closing.start(1000);

  const early = closing.poll(999);
  closing.poll(1000);

  expect(early).toBe(1000);
  expect(events).toEqual([
    'close worker 1',
    'close worker 2',
    'sockets closed',
    'worker released',
    'worker released',
    'finished',
  ]);
});
