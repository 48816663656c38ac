// librdkafka's 0139.
import { test } from 'vitest';
import { RD_KAFKA_RESP_ERR__RESOLVE, RD_KAFKA_RESP_ERR__SSL } from '../../src/rdkafka.ts';
import { aCluster } from '../kit/builders.ts';
import {
  noDuplicates,
  nothingToCheck,
  permanentError,
  topicMissingMeanwhile,
  twoLeaderChanges,
} from '../kit/scenarios/0139_offset_validation_mock.ts';

test('what is produced while a position is checked comes once', (t) => {
  noDuplicates(t, aCluster(t, 1));
});

for (const err of [RD_KAFKA_RESP_ERR__SSL, RD_KAFKA_RESP_ERR__RESOLVE])
  test(`the error ${err} of the check is no reason for a reset`, (t) => {
    permanentError(t, aCluster(t, 3), err);
  });

test('two leader changes, the second amid a check, make no loop of checks', (t) => {
  twoLeaderChanges(t, aCluster(t, 2));
});

for (const [epoch, what] of [
  [-1, 'names no epoch'],
  [2, 'names the same epoch'],
] as const)
  test(`a new leader that ${what} needs no check`, (t) => {
    nothingToCheck(t, aCluster(t, 2), epoch);
  });

for (const amid of [false, true])
  test(`a topic that is gone for a while ${amid ? 'amid' : 'before'} the check is checked all the same`, (t) => {
    topicMissingMeanwhile(t, aCluster(t, 2), amid);
  });
