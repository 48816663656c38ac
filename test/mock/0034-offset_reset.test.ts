// librdkafka's 0034.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { ERROR_CASES, errorsOfReset, RESETS, resetsTo } from '../kit/scenarios/0034_offset_reset.ts';

for (const [reset, first] of Object.entries(RESETS))
  test(`auto.offset.reset=${reset}: without an offset to begin at comes ${first}`, async (t) => {
    await resetsTo(t, aCluster(t, 1), reset, first);
  });

for (const one of ERROR_CASES)
  test(`auto.offset.reset=error and ${one.name}: ${one.expect === 0 ? 'waited for' : 'told with the cause'}`, (t) => {
    errorsOfReset(t, aCluster(t, 1), one);
  });
