// messages(), batches() and each() on a real Kafka.
import { describe, inject, test } from 'vitest';
import { lost } from '../../kit/scenarios/promise/each.ts';
import { pollInterval } from '../../kit/scenarios/promise/messages.ts';
import {
  batchesRuns,
  eachFailureRuns,
  eachRebalanceRuns,
  eachRuns,
  messagesRuns,
  type Runs,
} from '../../kit/scenarios/promise/runs.ts';
import { freshTopic } from '../../kit/topics.ts';

const all: readonly (readonly [string, Runs])[] = [
  [
    'messages',
    [...messagesRuns, ['max.poll.interval.ms counts between pulls', (t, env) => pollInterval(t, env, 6000)]],
  ],
  ['batches', batchesRuns],
  ['each', eachRuns],
  ['each when handlers fail and handles end', eachFailureRuns],
  ['each in rebalances', [...eachRebalanceRuns, ['what is lost is aborted at once', (t, env) => lost(t, env, 6000)]]],
];

for (const [what, runs] of all) {
  describe(what, () => {
    for (const [name, scenario] of runs) {
      test(name, async (t) => {
        const bootstrap = inject('bootstrap');
        await scenario(t, { bootstrap, topic: await freshTopic(bootstrap, 4) });
      });
    }
  });
}
