// room_async on a real Kafka.
import { inject, test } from 'vitest';
import { ROOM_ASYNC } from '../../kit/scenarios/promise/room_async.ts';

const env = { bootstrap: inject('bootstrap') };

for (const [name, scenario] of Object.entries(ROOM_ASYNC)) test(name, (t) => scenario(t, env));
