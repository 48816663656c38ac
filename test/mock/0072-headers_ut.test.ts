// librdkafka's 0072.
import { test } from 'vitest';
import {
  listKeepsOrderAndDuplicates,
  oneByOneOrAsList,
  reportTakesOtherHeaders,
} from '../kit/scenarios/0072_headers_ut.ts';

test('a header list keeps order and duplicates through adding, removing and finding', () => {
  listKeepsOrderAndDuplicates();
});

test('a message takes headers one by one or as a list, not both', (t) => {
  oneByOneOrAsList(t);
});

test('the headers of a report can be replaced', (t) => {
  reportTakesOtherHeaders(t);
});
