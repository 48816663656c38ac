// librdkafka's 0153.
import { test } from 'vitest';
import { uniqueMemberIds } from '../kit/scenarios/0153_memberid.ts';

test('consumers have member ids of their own at once', (t) => uniqueMemberIds(t));
