// librdkafka's 0037.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { endsAtOnce } from '../kit/scenarios/0037_destroy_hang_local.ts';

for (const how of ['bare', 'topic', 'started'] as const) {
  test(`a consumer without a group ends at once: ${how}`, (t) => {
    endsAtOnce(t, aCluster(t, 1), how);
  });

  test(`and without a broker: ${how}`, (t) => {
    endsAtOnce(t, {}, how);
  });
}
