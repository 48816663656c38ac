// Messages whose reports go to promises, with a handle that accepts what the test lets in.
import { expect, test, vi } from 'vitest';
import { Aborts } from '../../../src/app/aborts.ts';
import { Awaited } from '../../../src/app/awaited.ts';
import { AwaitedReports, type Outgoing } from '../../../src/app/awaited_reports.ts';
import type { Handle } from '../../../src/app/handle.ts';
import * as E from '../../../src/defs/enums.ts';
import { KafkaError, kafkaErrorOf } from '../../../src/defs/kafka_error.ts';

const POSSIBLY = E.RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED;
const { entered } = vi.hoisted(() => ({ entered: { result: 0, values: [] as string[], run: () => {} } }));
vi.mock('../../../src/app/produce.ts', () => ({
  enqueue: (_topic: unknown, _partition: number, _key: unknown, value: unknown) => {
    entered.run();
    if (entered.result === 0) entered.values.push(String(value));
    return entered.result;
  },
}));

const FULL = E.RD_KAFKA_RESP_ERR__QUEUE_FULL;

function scene() {
  entered.result = 0;
  entered.values = [];
  entered.run = () => {};
  const settled: string[] = [];
  const holds: (() => boolean)[] = [];
  let turns = 0;
  const handle = {
    fatal: null as { err: number; text: string } | null,
    closing: false,
    limits: { maxBytes: 100 },
    callbacks: { reports: true },
    reports: { failed: 0 },
    port: {},
    took: () => {},
    thread: {
      aborts: new Aborts(),
      hold: (_port: unknown, wanted: () => boolean) => void holds.push(wanted),
      turnSoon: () => void turns++,
    },
  };
  const reports = new AwaitedReports(handle as unknown as Handle);
  const send = (value: string | Uint8Array, signal?: AbortSignal): Awaited => {
    const name = String(value);
    const awaited = new Awaited(
      name,
      name.length,
      ({ offset }) => settled.push(`${name} @${offset}`),
      (error) => settled.push(`${name} ${error instanceof KafkaError ? error.type : error}`),
    );
    const outgoing = { partition: 0, key: null, value, headers: null, owner: null, timestamp: 0 };
    reports.send(outgoing as unknown as Outgoing, awaited, signal);
    return awaited;
  };
  const settle = (awaited: Awaited, err: number, offset: number): void =>
    reports.settle(awaited, err, null, 't', 0, offset, -1, 2, 1);
  return { handle, reports, send, settle, settled, holds, turns: () => turns };
}

test('what is refused for want of room waits, in order, and keeps those behind it waiting', () => {
  const { reports, send } = scene();
  entered.result = FULL;
  send('a');
  send('b');

  entered.result = 0;
  send('c');

  expect(entered.values).toEqual(['a', 'b', 'c']);
  expect(reports.waitingCount).toBe(0);
});

test('bytes that wait are copies', () => {
  const { reports, send } = scene();
  entered.result = FULL;
  const value = Buffer.from('before');
  send(value);
  value.write('behind');

  entered.result = 0;
  reports.admit();

  expect(entered.values).toEqual(['before']);
});

test('what can never have room is refused at once', () => {
  const { reports, send, settled } = scene();
  entered.result = FULL;

  send('x'.repeat(101));

  expect(settled).toEqual([`${'x'.repeat(101)} _QUEUE_FULL`]);
  expect(reports.any).toBe(false);
});

test('one that is given up does not hold up the others, and is told once', () => {
  const { reports, send, settled } = scene();
  const controller = new AbortController();
  entered.result = FULL;
  send('a', controller.signal);
  send('b');

  controller.abort('mine');
  expect(reports.waitingCount).toBe(1);
  entered.result = 0;
  reports.admit();
  reports.failWaiting(kafkaErrorOf(E.RD_KAFKA_RESP_ERR__PURGE_QUEUE));

  expect(settled).toEqual(['a mine']);
  expect(entered.values).toEqual(['b']);
});

test('a partitioner that produces while messages are let in comes behind those that wait', () => {
  const { reports, send } = scene();
  entered.result = FULL;
  send('a');
  send('b');
  entered.result = 0;
  entered.run = () => {
    entered.run = () => {};
    send('inner');
  };

  reports.admit();

  expect(entered.values).toEqual(['a', 'b', 'inner']);
});

test('a partitioner that throws rejects its message with that, and the next goes', () => {
  const { send, settled } = scene();
  entered.run = () => {
    entered.run = () => {};
    throw 'thrown';
  };

  send('a');
  send('b');

  expect(settled).toEqual(['a thrown']);
  expect(entered.values).toEqual(['b']);
});

test('failWaiting ends what waits, counts it, and leaves what is accepted', () => {
  const { handle, reports, send, settle, settled } = scene();
  const accepted = send('a');
  entered.result = FULL;
  send('b');
  send('c');

  reports.failWaiting(kafkaErrorOf(E.RD_KAFKA_RESP_ERR__DESTROY));
  settle(accepted, 0, 5);

  expect(settled).toEqual(['b _DESTROY', 'c _DESTROY', 'a @5']);
  expect(handle.reports.failed).toBe(2);
});

test('a fatal error and the end of the handle refuse what comes', () => {
  const { handle, send, settled } = scene();
  handle.closing = true;
  send('a');
  handle.fatal = { err: 59, text: 'mine' };
  send('b');

  expect(settled).toEqual(['a _DESTROY', 'b UNKNOWN_PRODUCER_ID']);
  expect(entered.values).toEqual([]);
});

test('the process is held once, until the last promise is settled, and that asks for a turn', () => {
  const { send, settle, holds, turns } = scene();
  const [a, b] = [send('a'), send('b')];
  settle(a, 0, 0);
  const before = [holds.length, holds[0]!(), turns()];

  settle(b, E.RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, -1);
  const after = [holds[0]!(), turns()];
  const c = send('c');

  expect(before).toEqual([1, true, 0]);
  expect(after).toEqual([false, 1]);
  expect(holds.length).toBe(2);
  settle(c, 0, 1);
});

test('a rejection says by its status whether the message may be stored all the same', () => {
  const { reports } = scene();
  const errors: unknown[] = [];
  const awaited = (): Awaited =>
    new Awaited(
      null,
      0,
      () => {},
      (error) => errors.push(error),
    );
  const outgoing = { partition: 0, key: null, value: '', headers: null, owner: null, timestamp: 0 };
  const [timedOut, tooLarge] = [awaited(), awaited()];
  entered.result = 0;
  reports.send(outgoing as unknown as Outgoing, timedOut, undefined);
  reports.settle(timedOut, E.RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, null, 't', 0, -1001, -1, POSSIBLY, -1);
  entered.result = E.RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
  reports.send(outgoing as unknown as Outgoing, tooLarge, undefined);

  expect(errors).toMatchObject([
    { type: '_MSG_TIMED_OUT', status: POSSIBLY },
    { type: 'MSG_SIZE_TOO_LARGE', status: E.RD_KAFKA_MSG_STATUS_NOT_PERSISTED },
  ]);
});
