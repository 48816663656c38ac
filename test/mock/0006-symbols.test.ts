// librdkafka's 0006: every function of the two headers is a name that resolves.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as header from '../../src/rdkafka.ts';
import * as mock from '../../src/rdkafka_mock.ts';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

/** Names of the first column, of those rows that are functions. */
const names = read('reference/functions.tsv')
  .split('\n')
  .slice(1)
  .map((line) => line.split('\t')[0]!)
  .filter((name) => name.startsWith('rd_kafka_'));
const missing = new Set(Object.keys(JSON.parse(read('test/header.missing.json'))));
const doors: Record<string, unknown> = { ...header, ...mock };

test('every function of the headers that is not listed as missing is there to be called', () => {
  const present = names.filter((name) => !missing.has(name));

  const absent = present.filter((name) => typeof doors[name] !== 'function');

  expect(present.length).toBeGreaterThan(150);
  expect(absent).toEqual([]);
});

test('every function that is there refuses a call without arguments by an error, or needs none', () => {
  // Those take no argument and do their work, loudly.
  const loud = /_show$|_unittest$/;
  const crashed: string[] = [];
  for (const name of names.filter((each) => typeof doors[each] === 'function' && !loud.test(each))) {
    try {
      (doors[name] as () => unknown)();
    } catch (error) {
      const refused =
        error !== null && typeof error === 'object' && /^(TypeError|RangeError)$/.test((error as Error).name);
      if (!refused || !(error as Error).message.startsWith(name.replace(/^rd_kafka_/, '')))
        crashed.push(`${name}: ${error}`);
    }
  }

  expect(crashed).toEqual([]);
});
