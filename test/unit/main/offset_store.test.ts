import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as E from '../../../src/defs/enums.ts';
import { offsetFilePath } from '../../../src/main/offset_file.ts';
import { type OffsetStore, offsetStore } from '../../../src/main/offset_store.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'offset-store-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A partition whose stored offset is the test's, and a coordinator whose answers are. */
class Bench {
  stored: number | null = null;
  readonly commits: [offset: number, done: (err: number) => void][] = [];
  readonly errors: [number, string][] = [];
  readonly store: OffsetStore;

  constructor(method: 'file' | 'broker', path = folder, sync = -1) {
    const settings = {
      'offset.store.method': method,
      'offset.store.path': path,
      'offset.store.sync.interval.ms': sync,
      'auto.commit.interval.ms': 1000,
    } as const;
    const stored = () => (this.stored === null ? null : { topic: 't', partition: 3, offset: this.stored });
    this.store = offsetStore(
      {
        groupId: 'g',
        commit: (offset, done) => void this.commits.push([offset.offset, done]),
        error: (err, text) => void this.errors.push([err, text]),
      },
      { topic: 't', partition: 3, settings, stored },
    );
  }
}

const fresh = (name: string): string => join(folder, name);

describe('the file of a partition', () => {
  test('lies in a folder under topic, partition and group, escaped, or is the path itself', () => {
    const paths = [
      offsetFilePath(folder, 't', 1, null),
      offsetFilePath(folder, 't', 1, 'a/b:c\\d'),
      offsetFilePath(fresh('x'), 't', 1, 'g'),
    ];

    expect(paths).toEqual([fresh('t-1.offset'), fresh('t-1-a%2Fb%3Ac%5Cd.offset'), fresh('x')]);
  });
});

describe('a store in a file', () => {
  test('has nothing to begin with, then what was stored last', () => {
    const path = fresh('again');
    const first = new Bench('file', path);
    const before = first.store.load();
    first.stored = 123_456;
    first.store.stop(() => {});
    const short = new Bench('file', path);
    const between = short.store.load();
    short.stored = 200_000;
    short.store.stop(() => {});

    expect([before, between]).toEqual([
      { offset: null, err: E.RD_KAFKA_RESP_ERR__FS },
      { offset: 123_456, err: 0 },
    ]);
    expect(readFileSync(path, 'latin1')).toBe('200000\n');
  });

  test('is written on each beat, when there is something new', () => {
    const path = fresh('beat');
    const bench = new Bench('file', path);
    bench.store.load();
    bench.store.poll(0);
    bench.stored = 5;
    bench.store.poll(999);
    const early = readFileSync(path, 'latin1');
    const next = bench.store.poll(1000);

    expect([early, readFileSync(path, 'latin1'), next]).toEqual(['', '5\n', 2000]);
  });

  test('of a lower offset is not written, a shorter number leaves nothing of a longer one', () => {
    const path = fresh('shorter');
    writeFileSync(path, '1000000\n');
    const bench = new Bench('file', path);
    bench.store.begin(-1);
    bench.stored = 7;
    bench.store.poll(0);
    bench.store.poll(1000);
    bench.stored = 3;
    bench.store.stop(() => {});

    expect(readFileSync(path, 'latin1')).toBe('7\n');
  });

  test('that holds no number can not be read, and that is told', () => {
    const path = fresh('broken');
    writeFileSync(path, 'x');
    const bench = new Bench('file', path);

    expect(bench.store.load()).toEqual({ offset: null, err: E.RD_KAFKA_RESP_ERR__FS });
    expect(bench.errors).toMatchObject([[E.RD_KAFKA_RESP_ERR__FS, expect.stringContaining(path)]]);
  });

  test('where no file can be made is told, and is the result of the stop', () => {
    const bench = new Bench('file', fresh('no/such/folder'));
    bench.store.load();
    bench.stored = 5;
    const results: number[] = [];

    bench.store.stop((err) => void results.push(err));

    expect(results).toEqual([E.RD_KAFKA_RESP_ERR__FS]);
    expect(bench.errors.length).toBe(2);
  });

  test.each([0, 50])('is synced with an interval of %i ms without an error', (sync) => {
    const path = fresh(`sync${sync}`);
    const bench = new Bench('file', path, sync);
    bench.store.load();
    bench.store.poll(0);
    bench.stored = 5;
    const next = bench.store.poll(1000);
    bench.store.stop(() => {});

    expect(next).toBe(sync === 0 ? 2000 : 1050);
    expect(bench.errors).toEqual([]);
    expect(readdirSync(folder)).toContain(`sync${sync}`);
  });
});

describe('a store with the coordinator', () => {
  test('begins at what is committed, and commits what is beyond that on each beat', () => {
    const bench = new Bench('broker');
    const loaded = bench.store.load();
    bench.store.begin(5);
    bench.stored = 5;
    bench.store.poll(0);
    bench.store.poll(1000);
    bench.stored = 6;
    bench.store.poll(2000);

    expect(loaded).toBeNull();
    expect(bench.commits.map(([offset]) => offset)).toEqual([6]);
  });

  test('commits one at a time, and again what was refused', () => {
    const bench = new Bench('broker');
    bench.store.poll(0);
    bench.stored = 6;
    bench.store.poll(1000);
    bench.stored = 7;
    bench.store.poll(2000);
    bench.commits[0]![1](E.RD_KAFKA_RESP_ERR__TIMED_OUT);
    bench.store.poll(3000);

    expect(bench.commits.map(([offset]) => offset)).toEqual([6, 7]);
  });

  test('is stopped when the last offset is committed, behind the one on its way', () => {
    const bench = new Bench('broker');
    const results: number[] = [];
    bench.store.poll(0);
    bench.stored = 6;
    bench.store.poll(1000);
    bench.stored = 9;
    bench.store.stop((err) => void results.push(err));
    bench.commits[0]![1](0);
    const early = [...results];
    bench.commits[1]![1](E.RD_KAFKA_RESP_ERR__WAIT_COORD);

    expect(early).toEqual([]);
    expect(bench.commits.map(([offset]) => offset)).toEqual([6, 9]);
    expect(results).toEqual([E.RD_KAFKA_RESP_ERR__WAIT_COORD]);
  });

  test('with nothing new is stopped at once', () => {
    const bench = new Bench('broker');
    const results: number[] = [];

    bench.store.stop((err) => void results.push(err));

    expect([results, bench.commits.length]).toEqual([[0], 0]);
  });
});
