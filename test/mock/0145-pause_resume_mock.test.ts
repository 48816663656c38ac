// librdkafka's 0145.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { resumedForNothing } from '../kit/scenarios/0145_pause_resume_mock.ts';

for (const strategy of ['range', 'roundrobin', 'cooperative-sticky'])
  test(`a resume of what is not paused repeats nothing: ${strategy}`, async (t) => {
    await resumedForNothing(t, aCluster(t, 3), strategy);
  });
