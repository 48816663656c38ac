import { expect, test } from 'vitest';
import { RD_KAFKA_DBG_BROKER } from '../../../src/defs/debug_contexts.generated.ts';
import { disconnectHint, disconnectLevel, Failures } from '../../../src/wire/failure.ts';

const TRANSPORT = -195;
const ERR = 3;

function someFailures(debug = 0) {
  const log: string[] = [];
  const errors: string[] = [];
  const failures = new Failures({
    log: (level, fac, text) => log.push(`${level} ${fac} ${text}`),
    onError: (code, text) => errors.push(`${code} ${text}`),
    debug,
  });
  const tell = (reason: string, now: number, level = ERR) =>
    failures.tell(level, TRANSPORT, reason, 'CONNECT', 12.7, now, 'kafka:9092/1');
  return { log, errors, tell };
}

test('a failure is told as broker, reason, and how long after which state', () => {
  const { log, errors, tell } = someFailures();

  const text = tell('Connect failed', 0);

  expect(text).toBe('Connect failed (after 12ms in state CONNECT)');
  expect(log).toEqual([`3 FAIL kafka:9092/1: ${text}`]);
  expect(errors).toEqual([`${TRANSPORT} kafka:9092/1: ${text}`]);
});

test('the same failure is silent for 30 s, then told with the number of repeats', () => {
  const { errors, tell } = someFailures();
  tell('refused', 0);
  tell('refused', 10);
  tell('refused', 29_999);

  tell('refused', 30_000);
  tell('refused', 60_001);

  expect(errors.slice(1)).toEqual([
    `${TRANSPORT} kafka:9092/1: refused (after 12ms in state CONNECT, 2 identical errors suppressed)`,
    `${TRANSPORT} kafka:9092/1: refused (after 12ms in state CONNECT)`,
  ]);
});

test('another failure is told at once', () => {
  const { errors, tell } = someFailures();

  tell('refused', 0);
  tell('reset', 1);
  tell('refused', 2);

  expect(errors.length).toBe(3);
});

test('only levels up to ERR are for the application, only levels up to INFO are logged', () => {
  const { log, errors, tell } = someFailures();

  tell('a', 0, 4);
  tell('b', 0, 6);
  tell('c', 0, 7);

  expect(log.map((line) => line.slice(0, 1))).toEqual(['4', '6']);
  expect(errors).toEqual([]);
});

test('with debug=broker also what is silent otherwise is logged', () => {
  const { log, tell } = someFailures(RD_KAFKA_DBG_BROKER);

  tell('idle', 0, 7);

  expect(log).toEqual(['7 FAIL kafka:9092/1: idle (after 12ms in state CONNECT) (_TRANSPORT)']);
});

test('a disconnect is quiet if the connection was idle for a minute and nothing was open', () => {
  const level = (age: number, idle: number, open: number) => disconnectLevel(true, age, idle, open, 1000);

  expect([level(60_001, 60_001, 0), level(60_001, 60_001, 1), level(60_001, 100, 0), level(100, 100, 2)]).toEqual([
    7, 6, 6, 4,
  ]);
});

test('with log.connection.close=false every disconnect is quiet', () => {
  expect(disconnectLevel(false, 0, 0, 5, 1000)).toBe(7);
});

test('a disconnect gets a hint where a wrong security.protocol is likely', () => {
  const hints = [disconnectHint('APIVERSION_QUERY', 5), disconnectHint('UP', 1999), disconnectHint('UP', 2000)];

  expect(hints.map((hint) => hint.includes('security.protocol'))).toEqual([true, true, false]);
});
