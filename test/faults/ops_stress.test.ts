// The models of memory.md, driven through the product's own modules: short here, long by `npm run stress`.
import { expect, test } from 'vitest';
import { runModel, stressSeconds } from '../kit/stress/run.ts';

const LIMIT_MS: number = stressSeconds() * 1000 + 180_000;

test(
  'batches lose, double, reorder and leak nothing while owners seal at random and partitions move',
  async () => {
    const { counts, text } = await runModel('batches_model');
    expect(counts, text).toMatchObject({ BAD: 0, LOST: 0, LEAKED_BLOCKS: 0, LEAKED_BYTES: 0, ownersBad: 0 });
    for (const key of ['records', 'moves', 'lostAppends', 'chained']) expect(counts[key], text).toBeGreaterThan(0);
  },
  LIMIT_MS,
);

test(
  'an app thread that is killed while it appends leaves every batch whole and sealable',
  async () => {
    const { counts, text } = await runModel('kill_model');
    expect(counts, text).toMatchObject({ BAD: 0 });
    for (const key of ['kills', 'records', 'unsealed']) expect(counts[key], text).toBeGreaterThan(0);
  },
  LIMIT_MS,
);

test(
  'an app thread that sleeps in its event loop or in a blocking call hears every ring',
  async () => {
    const { counts, text } = await runModel('mode_model');
    expect(counts, text).toMatchObject({ BAD: 0, HANGS: 0, waiters: 0 });
    for (const key of ['items', 'polls']) expect(counts[key], text).toBeGreaterThan(0);
  },
  LIMIT_MS,
);

test(
  'an app thread that sleeps in its event loop hears the death of a ringer that owed it a wake',
  async () => {
    const { counts, text } = await runModel('mode_model', { kill: 1 });
    expect(counts, text).toMatchObject({ BAD: 0, HANGS: 0, waiters: 0 });
    for (const key of ['items', 'kills', 'closes']) expect(counts[key], text).toBeGreaterThan(0);
  },
  LIMIT_MS,
);

test(
  'a main that beats is never taken for dead, one that hangs always',
  async () => {
    const { counts, text } = await runModel('heart_model');
    expect(counts, text).toMatchObject({ BAD: 0, FALSE_DEATHS: 0, NOT_FOUND: 0 });
    expect(counts['foundAfterMs'], text).toBeGreaterThanOrEqual(900);
  },
  LIMIT_MS,
);

test(
  'every id finds its page while workers join handles and the app and main both make pages',
  async () => {
    const { counts, text } = await runModel('pages_model');
    expect(counts, text).toMatchObject({ BAD: 0, MISSING: 0, WRONG: 0 });
    for (const key of ['handles', 'pages', 'checked', 'fromPort']) expect(counts[key], text).toBeGreaterThan(0);
  },
  LIMIT_MS,
);

const CLEAN = { BAD: 0, LOST: 0, DOUBLED: 0, REORDERED: 0, FALSE_NOT: 0, LEAKED: 0 };

test(
  'records for topics that are not known yet are reported once and in order, and leak nothing',
  async () => {
    const { counts, text } = await runModel('cluster_model');
    expect(counts, text).toMatchObject(CLEAN);
    for (const key of ['records', 'topics', 'delivered', 'failed']) expect(counts[key], text).toBeGreaterThan(0);
  },
  LIMIT_MS,
);

// Order is not looked at: what is produced once the topic is known overtakes what main had no memory to copy. Its cap
// in MainHandle is beyond what an app can have waiting, so that this does not happen there.
test(
  'records for topics that are not known yet are not lost or doubled when main runs out of memory for them',
  async () => {
    const { counts, text } = await runModel('cluster_model', { cap: 1024, late: 1000, turnover: 300 });
    expect(counts, text).toMatchObject({ ...CLEAN, REORDERED: counts['REORDERED'] });
    for (const key of ['records', 'delivered']) expect(counts[key], text).toBeGreaterThan(0);
  },
  LIMIT_MS,
);

test(
  'every record is reported once when main dies, and none that was sent as not persisted',
  async () => {
    const { counts, text } = await runModel('cluster_model', { death: 1 });
    expect(counts, text).toMatchObject({ ...CLEAN, REORDERED: counts['REORDERED'] });
    for (const key of ['rounds', 'records', 'failed']) expect(counts[key], text).toBeGreaterThan(0);
  },
  LIMIT_MS,
);
