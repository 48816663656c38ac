// The same as on the mock on a real Kafka, one whose sessions are short.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type KafkaCluster, startKafka } from '../../../scripts/kafka.mjs';
import { childRunner, type RunChild } from '../../kit/child.ts';
import { aSeed, soakSeconds } from '../../kit/scenarios/exactly_once.ts';
import { atLeastOnce } from '../../kit/scenarios/promise/at_least_once.ts';
import { freshTopic } from '../../kit/topics.ts';

const SESSION_MS = 3000;
const CONFIG = {
  'group.min.session.timeout.ms': 1000,
  'group.consumer.min.session.timeout.ms': 1000,
  'group.consumer.session.timeout.ms': SESSION_MS,
  'group.consumer.min.heartbeat.interval.ms': 100,
  'group.consumer.heartbeat.interval.ms': 300,
};

let kafka: KafkaCluster;
let run: RunChild;
beforeAll(async () => {
  kafka = await startKafka({ config: CONFIG });
  run = await childRunner();
}, 300_000);
afterAll(() => kafka?.stop());

test.for(['range', 'cooperative-sticky', 'consumer'] as const)(
  'every message is handled at least once, in order of its key, and committed only then (%s)',
  // Processes come and go: on a machine that is busy with other things that takes its time.
  { timeout: 300_000 + 2000 * soakSeconds() },
  async (protocol, t) => {
    const { bootstrap } = kafka;
    const until = performance.now() + (soakSeconds() * 1000) / 3;
    let rounds = 0;
    do {
      const env = { bootstrap, topic: await freshTopic(bootstrap, 4) };
      const kills = soakSeconds() > 0 ? 20 : 3;
      await atLeastOnce(t, env, run, { protocol, seed: aSeed(), messages: 400, kills, session_ms: SESSION_MS });
      rounds++;
    } while (performance.now() < until);
    expect(rounds).toBeGreaterThan(0);
  },
);
