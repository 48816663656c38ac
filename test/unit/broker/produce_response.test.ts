// What each error of a Produce request means, beside librdkafka's rd_kafka_err_action and rd_kafka_handle_Produce_error.
import { expect, test } from 'vitest';
import { classify } from '../../../src/broker/produce_response.ts';
import * as E from '../../../src/defs/enums.ts';
import { errorName } from '../../../src/defs/errors.ts';

type Meaning = 'leader' | 'leader, counted' | 'retry' | 'retry, maybe stored' | 'final, maybe stored';

const MEANINGS: Readonly<Record<Meaning, readonly string[]>> = {
  leader: [
    'UNKNOWN_TOPIC_OR_PART',
    'LEADER_NOT_AVAILABLE',
    'NOT_LEADER_FOR_PARTITION',
    'BROKER_NOT_AVAILABLE',
    'REPLICA_NOT_AVAILABLE',
    'COORDINATOR_NOT_AVAILABLE',
    'NOT_COORDINATOR',
    '_WAIT_COORD',
    '_DESTROY_BROKER',
  ],
  'leader, counted': ['_TRANSPORT', 'KAFKA_STORAGE_ERROR'],
  retry: ['NOT_ENOUGH_REPLICAS', 'INVALID_MSG', '_TIMED_OUT_QUEUE', 'COORDINATOR_LOAD_IN_PROGRESS'],
  'retry, maybe stored': ['NOT_ENOUGH_REPLICAS_AFTER_APPEND', 'REQUEST_TIMED_OUT', '_TIMED_OUT', '_SSL'],
  'final, maybe stored': [
    '_MSG_TIMED_OUT',
    '_PURGE_INFLIGHT',
    '_BAD_MSG',
    'OUT_OF_ORDER_SEQUENCE_NUMBER',
    'DUPLICATE_SEQUENCE_NUMBER',
  ],
};

const CODES: readonly number[] = Object.entries(E)
  .filter(([name, value]) => name.startsWith('RD_KAFKA_RESP_ERR_') && typeof value === 'number')
  .map(([, value]) => value as number)
  .filter((code) => code !== 0);

function meaningOf(code: number): string {
  const { action, counted, maybePersisted } = classify(code);
  if (action === 'refresh') return counted ? 'leader, counted' : 'leader';
  if (action === 'retry') return maybePersisted ? 'retry, maybe stored' : 'retry';
  return maybePersisted ? 'final, maybe stored' : 'final';
}

test.each(Object.entries(MEANINGS))('%s: nothing but what librdkafka treats so', (meaning, names) => {
  const found = CODES.filter((code) => meaningOf(code) === meaning).map((code) => errorName(code));

  expect([...new Set(found)].sort()).toEqual([...names].sort());
});

test('every other error is final, and the batch is not stored', () => {
  const named = new Set(Object.values(MEANINGS).flat());
  const others = CODES.filter((code) => !named.has(errorName(code)));

  expect(others.length).toBeGreaterThan(100);
  expect(others.filter((code) => meaningOf(code) !== 'final')).toEqual([]);
});

test('a retry counts, and a connection that broke may have brought the batch through', () => {
  const counted = CODES.filter((code) => classify(code).action === 'retry' && !classify(code).counted);

  expect(counted).toEqual([]);
  expect(classify(E.RD_KAFKA_RESP_ERR__TRANSPORT).maybePersisted).toBe(true);
});
