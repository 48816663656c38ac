// librdkafka's 0084 on the mock cluster, and without any broker.
import { describe, test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { DESTROY_CASES, DESTROY_FLAGS, destroyFlags } from '../kit/scenarios/0084_destroy_flags.ts';

describe.each(DESTROY_FLAGS)('with flags %i', (flags) => {
  for (const one of DESTROY_CASES) {
    test(`${one.name} without a broker ends`, async (t) => {
      await destroyFlags(t, null, one, flags);
    });

    test(`${one.name} on a cluster ends`, async (t) => {
      await destroyFlags(t, aCluster(t, 3), one, flags);
    });
  }
});
