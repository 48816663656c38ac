// All doors, as ES modules and as CommonJS, are one library: built here as the package is, into a folder of this test's.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pollUntil } from '../kit/consuming.ts';
import { nothingLeft } from '../kit/nothing_left.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const DOORS = ['index', 'rdkafka', 'rdkafka_mock', 'testing'] as const;
const BAD_NAME = '';
const INVALID_ARG = -186;
const QUEUE_FULL = -184;

/** A door under C's names: `door('conf_new')`. */
interface Door {
  readonly name: string;
  call(name: string, ...args: unknown[]): any;
  readonly module: Record<string, any>;
}

let folder = '';
let doors: Door[] = [];
let mockDoors: Door[] = [];
let testingDoors: Door[] = [];

function door(name: string, module: Record<string, any>, prefix: string): Door {
  return { name, module, call: (fn, ...args) => module[prefix + fn](...args) };
}

/** As scripts/build.mjs does: ES modules that share chunks, and one CommonJS file that holds all doors. */
async function buildDoors(): Promise<void> {
  const common = {
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    target: 'node20',
    logLevel: 'warning',
  } as const;
  const esm = { entryPoints: DOORS.map((name) => `src/${name}.ts`), outdir: join(folder, 'esm'), splitting: true };
  await build({ ...common, ...esm, format: 'esm', outExtension: { '.js': '.mjs' } });
  const contents = DOORS.map((name) => `export * as ${name} from './src/${name}.ts';`).join('\n');
  const stdin = { contents, resolveDir: root, sourcefile: 'doors.ts' };
  await build({ ...common, stdin, outfile: join(folder, 'cjs/all.cjs'), format: 'cjs' });
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rdkafka-ts-doors-'));
  await buildDoors();
  // Node's own import: the test runner's would go through its transformations.
  writeFileSync(join(folder, 'import.cjs'), 'module.exports = (url) => import(url);');
  const require = createRequire(join(folder, 'test.cjs'));
  const load = require('./import.cjs') as (url: string) => Promise<Record<string, any>>;
  const esm = (name: string) => load(pathToFileURL(join(folder, `esm/${name}.mjs`)).href);
  const cjs = require('./cjs/all.cjs') as Record<string, Record<string, any>>;
  doors = [
    door('index, ESM', await esm('index'), ''),
    door('rdkafka, ESM', await esm('rdkafka'), 'rd_kafka_'),
    door('index, CJS', cjs['index']!, ''),
    door('rdkafka, CJS', cjs['rdkafka']!, 'rd_kafka_'),
  ];
  mockDoors = [
    door('rdkafka_mock, ESM', await esm('rdkafka_mock'), 'rd_kafka_'),
    door('rdkafka_mock, CJS', cjs['rdkafka_mock']!, 'rd_kafka_'),
  ];
  testingDoors = [door('testing, ESM', await esm('testing'), ''), door('testing, CJS', cjs['testing']!, '')];
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A producer made through `maker`, with the opaques of its reports. */
function aProducerOf(maker: Door, bootstrap: string): { rk: unknown; reported: unknown[] } {
  const reported: unknown[] = [];
  const conf = maker.call('conf_new');
  maker.call('conf_set', conf, 'bootstrap.servers', bootstrap);
  maker.call('conf_set_log_cb', conf, null);
  maker.call('conf_set_dr_msg_cb', conf, (_rk: unknown, message: any) => {
    if (message.err === 0) reported.push(message._private);
  });
  return { rk: maker.call('new', 0, conf), reported };
}

test('a handle made through one door is polled through each other', async (t) => {
  t.onTestFinished(() => nothingLeft());
  const owner = aProducerOf(doors[0]!, '');
  const cluster = mockDoors[1]!.call('mock_cluster_new', owner.rk, 1);
  const bootstrap = mockDoors[0]!.call('mock_cluster_bootstraps', cluster);

  for (const maker of doors) {
    const { rk, reported } = aProducerOf(maker, bootstrap);
    for (const other of doors) {
      const pair = `${maker.name} polled through ${other.name}`;
      expect(other.call('producev', rk, { topic: 't', value: pair, opaque: pair }), pair).toBe(0);
      pollUntil(
        pair,
        () => other.call('poll', rk, 100),
        () => reported.includes(pair),
      );
    }
    const last = doors[(doors.indexOf(maker) + 1) % doors.length]!;
    last.call('destroy', rk);
    expect(reported.length).toBe(doors.length);
  }

  mockDoors[0]!.call('mock_cluster_destroy', cluster);
  doors[3]!.call('destroy', owner.rk);
});

test('all doors have one last_error', async (t) => {
  t.onTestFinished(() => nothingLeft());
  const { rk } = aProducerOf(doors[0]!, '');

  for (const raiser of doors) {
    expect(raiser.call('topic_new', rk, BAD_NAME, null)).toBe(null);
    expect(
      doors.map((each) => each.call('last_error')),
      `raised by ${raiser.name}`,
    ).toEqual(doors.map(() => INVALID_ARG));
    raiser.call('topic_destroy', raiser.call('topic_new', rk, 'good', null));
    expect(
      doors.map((each) => each.call('last_error')),
      `cleared by ${raiser.name}`,
    ).toEqual(doors.map(() => 0));
  }

  doors[2]!.call('destroy', rk);
});

test('all doors have one KafkaError', () => {
  const classes = doors.map(({ module }) => module['KafkaError']).filter((each) => each !== undefined);

  for (const maker of doors) {
    const error = maker.call('error_new', QUEUE_FULL, 'text');
    for (const KafkaError of classes) expect(error instanceof KafkaError, maker.name).toBe(true);
    expect(doors.map((each) => each.call('error_code', error))).toEqual(doors.map(() => QUEUE_FULL));
  }

  expect(classes.length).toBeGreaterThanOrEqual(2);
  expect(new Error('another') instanceof classes[0]).toBe(false);
});

test('a handle that one door destroyed is refused by all', async (t) => {
  t.onTestFinished(() => nothingLeft());
  const { rk } = aProducerOf(doors[1]!, '');

  doors[0]!.call('destroy', rk);

  for (const each of doors)
    expect(() => each.call('poll', rk, 0), each.name).toThrow(
      expect.objectContaining({ code: 'ERR_RDKAFKA_DESTROYED' }),
    );
});

test('handles are numbered through all doors', async (t) => {
  t.onTestFinished(() => nothingLeft());

  const handles = doors.map((each) => aProducerOf(each, '').rk);
  const numbers = handles.map((rk, i) => Number(/#producer-(\d+)$/.exec(doors[i]!.call('name', rk))![1]));
  for (const rk of handles) doors[0]!.call('destroy', rk);

  expect(numbers).toEqual(numbers.map((_, i) => numbers[0]! + i));
});

test('a cluster that one door of testing has made is one to all, and open handles are the same', async (t) => {
  t.onTestFinished(() => nothingLeft());

  for (const maker of testingDoors) {
    const cluster = await maker.call('mock_cluster', { topics: { t: 1 } });
    const { rk } = aProducerOf(doors[0]!, cluster.bootstrap);

    for (const each of [...mockDoors, ...testingDoors])
      expect(each.call('mock_cluster_bootstraps', cluster.handle), each.name).toBe(cluster.bootstrap);
    const [esm, cjs] = testingDoors.map((each) => each.call('open_handles')) as { created_at: string }[][];
    doors[3]!.call('destroy', rk);
    await cluster.close();

    expect(esm).toEqual(cjs);
    // The user's lines, not those of the built library, whichever of its files they are in.
    expect(esm!.map(({ created_at }) => /one_library\.test\.ts/.test(created_at))).toEqual([true, true]);
  }
});
