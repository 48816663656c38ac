// Our assignors beside what Kafka's own did (a sample; test/real/assignors.test.ts compares many more groups).
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { AssignedRound } from '../../scripts/vectors/kafka.mjs';
import { assignorsOf } from '../../src/main/group/assignors/registry.ts';
import { faultsOf, membersOf, NAMES, verdictsOn } from '../kit/judged_rounds.ts';

const file = readFileSync(new URL('./assignors/rounds.jsonl.gz', import.meta.url));
const lines: any[] = gunzipSync(file)
  .toString('utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line));
const rounds: readonly AssignedRound[] = lines.slice(0, -1);
const userData: Readonly<Record<string, string>> = lines.at(-1).userData;

describe.each(NAMES)('%s', (name) => {
  const verdicts = rounds.map((round) => ({ round, verdict: verdictsOn(round).find((each) => each.name === name)! }));

  test('gives every member what Kafka gives it', () => {
    for (const { verdict } of verdicts) {
      if (verdict.kafka === 'right') expect(verdict.actual, verdict.what).toEqual(verdict.expected);
    }
  });

  test('gives each partition once, to a subscriber, unless another claims it', () => {
    expect(verdicts.flatMap(({ round, verdict }) => faultsOf(round, verdict))).toEqual([]);
  });
});

describe('the sample', () => {
  const holds = (what: (round: AssignedRound) => boolean): number => rounds.filter(what).length;

  test('is right in nearly every round', () => {
    const wrong = holds((round) => verdictsOn(round).some(({ kafka }) => kafka === 'wrong'));

    expect(wrong).toBeLessThan(rounds.length / 20);
  });

  test('holds members with other subscriptions, stale generations, racks, and partitions that are withheld', () => {
    const topicsOf = (round: AssignedRound): Set<string> =>
      new Set(membersOf(round).map(({ topics }) => [...topics].sort().join()));
    const generationsOf = (round: AssignedRound): Set<number> =>
      new Set(membersOf(round).flatMap(({ owned, generation }) => (owned.length > 0 ? [generation] : [])));
    const countOf = (list: readonly string[] | null): number => (list?.join(',').match(/\d+(?=,|\s|$)/g) ?? []).length;

    expect(holds((round) => topicsOf(round).size > 1)).toBeGreaterThan(300);
    expect(holds((round) => generationsOf(round).size > 1)).toBeGreaterThan(50);
    expect(holds((round) => membersOf(round).some(({ rack }) => rack !== null))).toBeGreaterThan(300);
    expect(holds((round) => round.members.some(({ instance }) => instance !== null))).toBeGreaterThan(300);
    expect(holds((round) => countOf(round['cooperative-sticky']) < countOf(round.roundrobin))).toBeGreaterThan(100);
  });
});

test.each(Object.entries(userData))(
  'cooperative-sticky sends the user data of generation %s as Kafka does',
  (n, bytes) => {
    const sent = assignorsOf('cooperative-sticky')[0]!.userData(['t'], Number(n));

    expect(Buffer.from(sent!).toString('base64')).toBe(bytes);
  },
);
