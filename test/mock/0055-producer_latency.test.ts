// librdkafka's 0055 on the mock cluster.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import {
  firstMessages,
  LATENCY_CASES,
  oneAfterTheOther,
  WAYS_IN,
  type WayIn,
} from '../kit/scenarios/0055_producer_latency.ts';

for (const one of LATENCY_CASES)
  test(`with ${one.name} messages are delivered one after the other, without a flush`, async (t) => {
    await oneAfterTheOther(t, aCluster(t, 1), one);
  });

for (const way of Object.keys(WAYS_IN) as WayIn[])
  test(`the first message of a topic costs one metadata request, by ${way}`, (t) => {
    firstMessages(t, aCluster(t, 1), way);
  });
