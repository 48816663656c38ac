// librdkafka's 0144.
import { test } from 'vitest';
import {
  duplicateAfterPossiblyPersisted,
  possiblyPersisted,
  successAfterPossiblyPersisted,
} from '../kit/scenarios/0144_idempotence_mock.ts';

for (let n = 1; n <= 5; n++)
  test(`${n} of five messages that may be stored, then errors of sequences: no fatal error`, (t) =>
    possiblyPersisted(t, n));

test('a batch that may be stored is a duplicate when it is sent again', (t) => duplicateAfterPossiblyPersisted(t));

test('a batch that may be stored comes again behind those that are', (t) => successAfterPossiblyPersisted(t));
