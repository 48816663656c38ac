// produce_async on a real Kafka.
import { inject, test } from 'vitest';
import { PRODUCE_ASYNC } from '../../kit/scenarios/promise/produce_async.ts';

const env = { bootstrap: inject('bootstrap') };

for (const [name, scenario] of Object.entries(PRODUCE_ASYNC)) test(name, (t) => scenario(t, env));
