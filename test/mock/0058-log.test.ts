// librdkafka's 0058: needs no cluster.
import { test } from 'vitest';
import { flushServesLogs, logsOnlyWhileServed } from '../kit/scenarios/0058_log.ts';

test('log lines wait for a call that serves the handle', async (t) => {
  await logsOnlyWhileServed(t);
});

test('flush hands out log lines', (t) => {
  flushServesLogs(t);
});
