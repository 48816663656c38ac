// Seek, pause, resume and queues on the mock cluster, with leaders that move.
import { test } from 'vitest';
import { aCluster } from '../../kit/builders.ts';
import * as flow from '../../kit/scenarios/flow.ts';

/** Small limits: what is fetched ahead is full most of the time, and what a pause sets aside is too much. */
const SMALL = { 'queued.min.messages': 20, 'queued.max.messages.kbytes': 20, 'fetch.message.max.bytes': 3000 };

test.for([
  ['much is fetched ahead', {}],
  ['what is fetched ahead is full', SMALL],
] as const)('seeks, pauses, resumes and moves of leaders lose and repeat nothing: %s', async ([what, config], t) => {
  const seed = Number(process.env['FLOW_SEED'] ?? (what.length * 7919) >>> 0);
  await flow.randomFlow(t, aCluster(t, 3), { seed, steps: 150, config });
});

test('a resume hands out what was kept at once, and fetches nothing for it', (t) =>
  flow.resumesFromBuffer(t, aCluster(t, 1)));

test('what a paused partition has waiting does not hold up another', (t) =>
  flow.pausedStarvesNobody(t, aCluster(t, 1)));

test('a seek and a pause before main has taken up the partition hold', (t) => flow.beforeMainSpeaks(t, aCluster(t, 1)));

test('a seek before the first message, and within what was fetched ahead', (t) =>
  flow.seeksEarlyAndNear(t, aCluster(t, 1)));

test('a batch that is aborted has taken nothing', (t) => flow.abortedBatch(t, aCluster(t, 1)));

test("poll serves the consumer's queue when that is forwarded to the main one", (t) =>
  flow.forwardedToMain(t, aCluster(t, 1)));

test('ten thousand partitions are paused, resumed and sought in one call each', (t) =>
  flow.tenThousand(t, aCluster(t, 1)));
