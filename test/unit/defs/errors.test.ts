import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { ERRORS, errorCode, errorName, errorText, isRetriable } from '../../../src/defs/errors.ts';

const rows = readFileSync(new URL('../../../reference/constants.tsv', import.meta.url), 'utf8')
  .split('\n')
  .map((line) => line.split('\t'))
  .filter((cells) => cells[1] === 'rd_kafka_resp_err_t' && !cells[5]?.startsWith('ERR_'))
  .map((cells) => ({ code: Number(cells[3]), name: cells[5], retriable: cells[8] === 'y', note: cells[11] ?? '' }));

test('the table has every code under its name, in the order of the codes', () => {
  expect(ERRORS.map(([code, name]) => ({ code, name }))).toEqual(rows.map(({ code, name }) => ({ code, name })));
});

test('every text says who found the error', () => {
  const wrong = rows.filter(({ code, note }) => {
    const who = /class=(Local|Broker)/.exec(note)?.[1] ?? (code === 0 ? 'Success' : 'Broker');
    return !errorText(code).startsWith(code === 0 ? who : `${who}: `);
  });

  expect(wrong).toEqual([]);
});

test('no two codes have the same text', () => {
  expect(new Set(ERRORS.map(([, , text]) => text)).size).toBe(ERRORS.length);
});

test('what Kafka calls retriable is retriable', () => {
  expect(rows.filter(({ code, retriable }) => retriable && !isRetriable(code))).toEqual([]);
  expect(rows.filter(({ code, retriable }) => code > 0 && !retriable && isRetriable(code))).toEqual([]);
});

test('a code that is not known has a name and a text all the same', () => {
  expect(errorName(4711)).toBe('ERR_4711?');
  expect(errorText(4711)).toBe('Err-4711?');
  expect(errorName(-200)).toBe('ERR_-200?');
  expect(isRetriable(4711)).toBe(false);
});

test('a name gives its code', () => {
  expect(errorCode('_QUEUE_FULL')).toBe(-184);
  expect(errorCode('QUEUE_FULL')).toBeUndefined();
});
