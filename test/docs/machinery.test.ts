// What the tests of the documents rest on sees the faults that it is there to see.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { type Document, readDocument } from '../kit/docs/markdown.ts';
import { runPrograms, runTests } from '../kit/docs/running.ts';
import { typeErrors } from '../kit/docs/typecheck.ts';

const fence = (info: string, text: string): string => `\`\`\`${info}\n${text}\n\`\`\`\n\n`;
const document = (...blocks: string[]): Document => readDocument('x.md', blocks.join(''));
const named = (file: string, ...blocks: string[]): Document => readDocument(file, blocks.join(''));

const MAKES_A_CONF = "import * as kafka from 'rdkafka-ts';\n\nconst conf = kafka.conf_new();";

test('the compiler sees programs, and fragments behind what they go on with', () => {
  const errors = typeErrors([
    named(
      'a.md',
      fence('ts run', MAKES_A_CONF),
      fence('ts continues', "kafka.conf_set(conf, 'acks', 'all');\nconst codes = [1];"),
      // Imports the door anew, and gives a name anew.
      fence(
        'ts continues',
        "import * as kafka from 'rdkafka-ts';\nimport { rd_kafka_poll } from 'rdkafka-ts/rdkafka';\nconst conf = rd_kafka_poll.length + codes.length;",
      ),
    ),
    named(
      'b.md',
      fence('ts from examples/first.ts', 'await kafka.close_async(producer);'),
      fence('ts continues', 'kafka.poll(producer, 0);'),
    ),
  ]);

  expect(errors).toEqual([]);
}, 120_000);

test('the compiler tells what is wrong, and in which line of which document', () => {
  const errors = typeErrors([
    named(
      'a.md',
      fence('ts run', `${MAKES_A_CONF}\nkafka.conf_set(conf, 1, 'all');`),
      fence('ts continues', 'kafka.no_such_function(conf);'),
    ),
    named(
      'b.md',
      fence('ts from examples/first.ts', 'await kafka.close_async(producer);'),
      fence('ts continues', 'kafka.poll(producer);'),
    ),
    named('c.md', fence('ts run', 'const not = (;')),
    // A name of one document is not there in another.
    named('d.md', fence('ts vitest', "import { test } from 'vitest';\ntest('a', () => void conf);")),
  ]);

  expect(errors.map((text) => text.split(/: (?=\D)/)[0])).toEqual(['a.md:5', 'a.md:9', 'b.md:6', 'c.md:2', 'd.md:3']);
  expect(errors[1]).toContain('no_such_function');
}, 120_000);

test('a program runs on the cluster, behind those above it', async (t) => {
  const { bootstrap } = aCluster(t);
  const program = readFileSync('examples/first.ts', 'utf8').trimEnd();

  const problems = await runPrograms(
    document(
      fence('ts run', program),
      fence('js run as again.mjs', program),
      fence('', 'delivered to greetings [0] at offset 1'),
    ),
    bootstrap,
  );

  expect(problems).toEqual([]);
});

test('a program that fails, or writes something else, is told with its place and what it wrote', async (t) => {
  const { bootstrap } = aCluster(t);

  const problems = await runPrograms(
    document(
      fence('ts run', "console.log('half');\nprocess.exitCode = 3;"),
      fence('ts run', "console.log('one');"),
      fence('', 'two'),
      fence('ts run', "throw new Error('thrown here');"),
      fence('ts run', "console.log('one');"),
      'In words:\n\n',
      fence('', 'this is no output of it'),
    ),
    bootstrap,
  );

  expect(problems).toHaveLength(3);
  expect(problems[0]).toMatch(/^x\.md:2: ended with 3\nhalf/);
  expect(problems[1]).toMatch(/^x\.md:7: wrote something else than the document shows\none/);
  expect(problems[2]).toMatch(/^x\.md:15: ended with 1\n[\s\S]*thrown here/);
});

test('a file saved as .mjs is JavaScript: types in it are refused', async (t) => {
  const { bootstrap } = aCluster(t);

  await expect(
    runPrograms(document(fence('ts run as first.mjs', 'const a: number = 1;\nconsole.log(a);')), bootstrap),
  ).rejects.toThrow(/Expected/);
});

test('test files are run by vitest, with the package by its name', async () => {
  const head = "import * as kafka from 'rdkafka-ts';\nimport { expect, test } from 'vitest';\n";
  const good = fence('ts vitest', `${head}test('a', () => expect(kafka.err2name(-184)).toBe('_QUEUE_FULL'));`);
  const bad = fence('ts vitest', `${head}test('b', () => expect(kafka.err2name(-184)).toBe('none'));`);

  expect(await runTests(document(good))).toBeNull();
  expect(await runTests(document(good, bad))).toMatch(/expected '_QUEUE_FULL' to be 'none'/);
}, 240_000);
