// librdkafka's 0049.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { connectionsBreak } from '../kit/scenarios/0049_consume_conn_close.ts';

test('connections that break while a consumer reads cost no message', async (t) => {
  await connectionsBreak(t, aCluster(t));
});
