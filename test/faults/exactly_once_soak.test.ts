// An idempotent producer on a mock cluster under torment. SOAK_SECONDS makes it long (`npm run soak`), EXACTLY_ONCE_SEED
// repeats the choices of a run that failed.
import { expect, type TestContext, test } from 'vitest';
import { rd_kafka_mock_topic_create, rd_kafka_mock_topic_delete } from '../../src/rdkafka_mock.ts';
import { aCluster } from '../kit/builders.ts';
import { aProxy } from '../kit/proxy.ts';
import { aSeed, exactlyOnce, soakSeconds } from '../kit/scenarios/exactly_once.ts';
import { ofConnections, ofMock, ofRefusals } from '../kit/torments.ts';

const BROKERS = 3;
const PARTITIONS = 6;
const COURSE = { messages: 20_000, during_ms: 3000 };

async function rounds(t: TestContext, mayFail: boolean): Promise<void> {
  const { mock, bootstrap } = aCluster(t, BROKERS);
  const proxy = await aProxy(t, bootstrap);
  const until = performance.now() + soakSeconds() * 1000;
  let done = 0;
  do {
    const topic = `t${done++}`;
    rd_kafka_mock_topic_create(mock, topic, PARTITIONS, BROKERS);
    const torments = [ofConnections(proxy, BROKERS), ofMock(mock, BROKERS, topic, PARTITIONS)];
    if (mayFail) torments.push(ofRefusals(mock, topic, PARTITIONS));
    const ordeal = { bootstrap: proxy.bootstrap, direct: bootstrap, topic, torments };
    await exactlyOnce(t, ordeal, { ...COURSE, seed: aSeed(), mayFail });
    rd_kafka_mock_topic_delete(mock, topic);
  } while (performance.now() < until);
  expect(done).toBeGreaterThan(0);
}

test('each message is reported and stored exactly once, in order, while connections, brokers and leaders come and go', (t) =>
  rounds(t, false));

test('where messages time out and are refused besides, each is stored as it is reported, once and in order', (t) =>
  rounds(t, true));
