// librdkafka's 0090.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { answersLost, WINDOW } from '../kit/scenarios/0090_idempotence.ts';

test('answers lost within what a broker remembers', (t) => answersLost(t, aCluster(t), WINDOW * 2, WINDOW - 1));

test('answers lost beyond what a broker remembers', (t) => answersLost(t, aCluster(t), WINDOW + 3, WINDOW + 2));
