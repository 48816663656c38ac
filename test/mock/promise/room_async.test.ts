// room_async on the mock cluster.
import { test } from 'vitest';
import { aCluster } from '../../kit/builders.ts';
import { ROOM_ASYNC } from '../../kit/scenarios/promise/room_async.ts';

for (const [name, scenario] of Object.entries(ROOM_ASYNC)) test(name, (t) => scenario(t, aCluster(t)));
