// librdkafka's 0019.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { groupsWithMembers, nobodyToAsk } from '../kit/scenarios/0019_list_groups.ts';

test('groups are listed with their members, whichever broker coordinates them', async (t) => {
  await groupsWithMembers(t, aCluster(t, 3));
});

test('listing groups ends when its time is up, though no broker can be reached', (t) => {
  nobodyToAsk(t);
});
