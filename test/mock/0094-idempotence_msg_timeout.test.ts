// librdkafka's 0094.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { timedOutWhileHeld } from '../kit/scenarios/0094_idempotence_msg_timeout.ts';

test('messages time out while nothing reaches the brokers: no disorder, slow flow', (t) =>
  timedOutWhileHeld(t, aCluster(t, 3), 100));

test('messages time out while nothing reaches the brokers: no disorder, fast flow', (t) =>
  timedOutWhileHeld(t, aCluster(t, 3), 10));

test('messages that time out are no gap that enable.gapless.guarantee speaks of', (t) =>
  timedOutWhileHeld(t, aCluster(t, 3), 10, { 'enable.gapless.guarantee': true }));
