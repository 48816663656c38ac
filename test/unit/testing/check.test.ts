// Defaults of what the testing door is given.
import { expect, test } from 'vitest';
import { checkContext, checkOptions, checkWait, checkWhere } from '../../../src/testing/check.ts';
import { errorAt, placeBelow } from '../../../src/testing/failure.ts';

test('a call waits 10 seconds unless told otherwise', () => {
  expect(checkWait('received', undefined)).toEqual({ timeoutMs: 10_000, signal: undefined });
  expect(checkWait('received', { timeout_ms: 5 }).timeoutMs).toBe(5);
  expect(checkWait('received', { timeout_ms: -1 }).timeoutMs).toBe(-1);
});

test('a signal that is aborted already ends a call at once, with its reason', () => {
  const reason = new Error('enough');

  expect(() => checkWait('received', { signal: AbortSignal.abort(reason) })).toThrow(reason);
});

test('a fault is for one request, wherever it is', () => {
  expect(checkWhere('fail', undefined)).toEqual({ where: { broker: null, topic: null, partition: null }, times: 1 });
});

test('a cluster has one broker, and no topics', () => {
  expect(checkOptions('mock_cluster', undefined)).toEqual({ brokers: 1, topics: {} });
  expect(checkOptions('mock_cluster', { tls: false })).toEqual({ brokers: 1, topics: {} });
});

test('options are told from a test context, which may be a function', () => {
  const context = { after: (): void => {} };
  const callable = Object.assign(() => {}, { onTestFinished: (): void => {} });

  expect(checkContext('mock_cluster', context, { brokers: 2 })).toMatchObject({ context, options: { brokers: 2 } });
  expect(checkContext('mock_cluster', callable, undefined).context).toBe(callable);
  expect(checkContext('mock_cluster', { brokers: 3 }, undefined)).toMatchObject({
    context: null,
    options: { brokers: 3 },
  });
  expect(checkContext('mock_cluster', undefined, undefined).context).toBe(null);
});

test('an error is a plain one, with its text and the stack of the call', () => {
  const place = (function method() {
    return placeBelow(method);
  })();

  const error = errorAt(place, 'two\nlines');

  expect([error.constructor, error.message]).toEqual([Error, 'two\nlines']);
  expect(error.stack).toMatch(/^Error: two\nlines\n {4}at .*check\.test\.ts/);
  expect(error.stack).not.toContain('method');
});

test('an error without a stack to be had keeps its own', () => {
  expect(errorAt({}, 'text').stack).toContain('check.test.ts');
});
