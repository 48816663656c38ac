// An idempotent producer on three brokers of a real Kafka under torment: connections are cut, brokers killed and started
// again. SOAK_SECONDS makes it long (`npm run soak kafka`), EXACTLY_ONCE_SEED repeats the choices of a run that failed.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type KafkaCluster, startKafka } from '../../scripts/kafka.mjs';
import { aProxy } from '../kit/proxy.ts';
import { aSeed, exactlyOnce, soakSeconds } from '../kit/scenarios/exactly_once.ts';
import { deleteTopic, freshTopic } from '../kit/topics.ts';
import { ofBrokers, ofConnections } from '../kit/torments.ts';

const BROKERS = 3;
const PARTITIONS = 6;
const START_MS = 300_000;

let kafka: KafkaCluster;
beforeAll(async () => {
  kafka = await startKafka({ brokers: BROKERS, config: { 'min.insync.replicas': 2 } });
}, START_MS);
afterAll(() => kafka?.stop());

test('each message is reported and stored exactly once, in order, while connections and brokers come and go', async (t) => {
  const proxy = await aProxy(t, kafka.bootstrap);
  const torments = [ofConnections(proxy, BROKERS), ofBrokers(kafka.brokers)];
  const until = performance.now() + soakSeconds() * 1000;
  let rounds = 0;
  do {
    const topic = await freshTopic(kafka.bootstrap, PARTITIONS, { replication: BROKERS });
    const ordeal = { bootstrap: proxy.bootstrap, direct: kafka.bootstrap, topic, torments };
    await exactlyOnce(t, ordeal, { seed: aSeed(), messages: 20_000, during_ms: 8000 });
    await deleteTopic(kafka.bootstrap, topic);
    rounds++;
  } while (performance.now() < until);
  expect(rounds).toBeGreaterThan(0);
});
