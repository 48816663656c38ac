// librdkafka's 0131.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { slowBroker, slowOwnBrokers } from '../kit/scenarios/0131_connect_timeout.ts';

test('a broker that does not get ready in time is let go', (t) => {
  slowBroker(t, aCluster(t, 1));
});

test('so is one that test.mock.broker.rtt makes slow', (t) => {
  slowOwnBrokers(t);
});
