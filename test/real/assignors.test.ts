// Our assignors beside Kafka's own, over many random groups (test/golden/assignors.test.ts has a sample of this).
import { expect, test } from 'vitest';
import { assignedByKafka, RELEASES } from '../../scripts/vectors/kafka.mjs';
import { faultsOf, verdictsOn } from '../kit/judged_rounds.ts';

const SEED = Number(process.env['ASSIGNORS_SEED'] ?? 6);
const GROUPS = Number(process.env['ASSIGNORS_GROUPS'] ?? 3000);
const TIMEOUT = 300_000;

test('the assignors give every member what Kafka gives it', { timeout: TIMEOUT }, async () => {
  const { rounds } = await assignedByKafka(RELEASES[0]!, SEED, GROUPS);
  let alike = 0;
  const others: unknown[] = [];
  for (const round of rounds) {
    for (const verdict of verdictsOn(round)) {
      const faults = faultsOf(round, verdict);
      if (faults.length > 0) others.push([verdict.what, ...faults]);
      if (verdict.kafka === 'wrong') continue;
      if (JSON.stringify(verdict.actual) === JSON.stringify(verdict.expected)) alike++;
      else others.push(verdict);
    }
  }

  expect(others).toEqual([]);
  expect(rounds.length).toBeGreaterThan(GROUPS);
  expect(alike).toBeGreaterThan(2.9 * rounds.length);
});
