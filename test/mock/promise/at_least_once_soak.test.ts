// each() under kill -9, rebalances and bad handlers on the mock cluster: one round of each protocol in `npm test`, as many as
// fit into SOAK_SECONDS in `npm run soak`. EXACTLY_ONCE_SEED repeats a round that failed.
import { beforeAll, expect, test } from 'vitest';
import { rd_kafka_mock_set_group_consumer_session_timeout_ms } from '../../../src/rdkafka_mock.ts';
import { aCluster } from '../../kit/builders.ts';
import { childRunner, type RunChild } from '../../kit/child.ts';
import { aSeed, soakSeconds } from '../../kit/scenarios/exactly_once.ts';
import { atLeastOnce } from '../../kit/scenarios/promise/at_least_once.ts';
import { freshTopic } from '../../kit/topics.ts';

const SESSION_MS = 3000;

let run: RunChild;
beforeAll(async () => {
  run = await childRunner();
});

test.for(['range', 'cooperative-sticky', 'consumer'] as const)(
  'every message is handled at least once, in order of its key, and committed only then (%s)',
  // Processes come and go: on a machine that is busy with other things that takes its time.
  { timeout: 300_000 + 2000 * soakSeconds() },
  async (protocol, t) => {
    const { mock, bootstrap } = aCluster(t, 2);
    rd_kafka_mock_set_group_consumer_session_timeout_ms(mock, SESSION_MS);
    const until = performance.now() + (soakSeconds() * 1000) / 3;
    let rounds = 0;
    do {
      const env = { mock, bootstrap, topic: await freshTopic(bootstrap, 4) };
      const kills = soakSeconds() > 0 ? 20 : 3;
      await atLeastOnce(t, env, run, { protocol, seed: aSeed(), messages: 400, kills, session_ms: SESSION_MS });
      rounds++;
    } while (performance.now() < until);
    expect(rounds).toBeGreaterThan(0);
  },
);
