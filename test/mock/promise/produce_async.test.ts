// produce_async on the mock cluster: the scenarios that a real Kafka runs too.
import { test } from 'vitest';
import { aCluster } from '../../kit/builders.ts';
import { PRODUCE_ASYNC } from '../../kit/scenarios/promise/produce_async.ts';

for (const [name, scenario] of Object.entries(PRODUCE_ASYNC)) test(name, (t) => scenario(t, aCluster(t)));
