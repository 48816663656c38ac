// librdkafka's 0074.
import { test } from 'vitest';
import { refusedLeavesNothing } from '../kit/scenarios/0074_producev.ts';

test('a message that is refused leaves nothing that keeps the producer from ending', async (t) => {
  await refusedLeavesNothing(t);
});
