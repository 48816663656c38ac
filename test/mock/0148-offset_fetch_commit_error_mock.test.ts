// librdkafka's 0148.
import { test } from 'vitest';
import { rd_kafka_err2name } from '../../src/rdkafka.ts';
import {
  automaticCommit,
  heartbeatUnderWayAtClose,
  MANUAL_ERRORS,
  manualCommit,
  staleFetch,
} from '../kit/scenarios/0148_offset_fetch_commit_error_mock.ts';

test('a committed offset is found though the epoch was refused at first', (t) => staleFetch(t));

for (const err of MANUAL_ERRORS) {
  for (const named of [false, true]) {
    const what = named ? 'given' : 'stored';
    test(`a commit by hand of ${what} offsets tells of ${rd_kafka_err2name(err)}, and the next one succeeds`, (t) =>
      manualCommit(t, err, named));
  }
}

for (const revoked of [false, true]) {
  const when = revoked ? 'at a revoke' : 'at close';
  test(`an automatic commit ${when} is repeated until its epoch is right`, (t) => automaticCommit(t, revoked, false));
  test(`an automatic commit ${when} is given up when the membership is over`, (t) => automaticCommit(t, revoked, true));
}

test('a last commit waits for the epoch that a heartbeat under way brings', (t) => heartbeatUnderWayAtClose(t));
