// The app thread is busy for longer than a session of 6 s lasts, on a real Kafka.
import { inject, test } from 'vitest';
import { flowHolds, memberStays } from '../kit/scenarios/busy_consumer.ts';

const BUSY_MS = 15_000;
const env = { bootstrap: inject('bootstrap') };

test('a member stays one', async (t) => {
  await memberStays(t, env, 'cooperative-sticky', BUSY_MS);
});

test('what was paused stays paused, what was sought is not stale', async (t) => {
  await flowHolds(t, env, BUSY_MS);
});
