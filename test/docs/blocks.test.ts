// Every block of code in the documents says what it is, and is that: CONTRIBUTING.md, "Code in documents".
import { describe, expect, test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { indentedCode, labelOf, problemOf } from '../kit/docs/blocks.ts';
import { documents, placeOf } from '../kit/docs/markdown.ts';
import { programsOf, runPrograms, runTests, testsOf } from '../kit/docs/running.ts';
import { typeErrors } from '../kit/docs/typecheck.ts';

const all = documents();
const blocks = all.flatMap((document) => document.blocks);

describe('blocks', () => {
  test('are labelled, and quotes stand in their files word for word', () => {
    const problems = blocks
      .map((block) => [placeOf(block), problemOf(block)])
      .filter(([, problem]) => problem !== null);

    expect(problems).toEqual([]);
    expect(blocks.filter((block) => labelOf(block).kind === 'from').length).toBeGreaterThan(4);
  });

  test('a fragment has something to go on with', () => {
    const alone = all.flatMap(({ blocks: own }) =>
      own.filter(
        (block, i) =>
          labelOf(block).kind === 'continues' && !own.slice(0, i).some((one) => one.language === block.language),
      ),
    );

    expect(alone.map(placeOf)).toEqual([]);
  });

  test('no code stands in indented lines', () => {
    expect(all.flatMap((document) => indentedCode(document).map((line) => `${document.file}:${line}`))).toEqual([]);
  });

  test('programs and fragments compile', () => {
    expect(typeErrors(all)).toEqual([]);
  }, 120_000);
});

describe('programs', () => {
  const withPrograms = all.filter((document) => programsOf(document).length > 0);

  test.for(withPrograms.map((document) => [document.file, document] as const))(
    'those of %s run, and write what it shows',
    { timeout: 300_000 },
    async ([, document], t) => {
      expect(await runPrograms(document, aCluster(t, 3).bootstrap)).toEqual([]);
    },
  );

  const withTests = all.filter((document) => testsOf(document).length > 0);

  test.for(withTests.map((document) => [document.file, document] as const))(
    'the test files of %s pass',
    { timeout: 300_000 },
    async ([, document]) => {
      expect(await runTests(document)).toBeNull();
    },
  );
});
