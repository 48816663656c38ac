// Every command that a document shows is one that there is, with options that it has.
import { beforeAll, expect, test } from 'vitest';
import { type Command, commandsOf, optionsOf, problemOf, subcommandOf } from '../kit/docs/commands.ts';
import { type Document, documents, placeOf, readDocument } from '../kit/docs/markdown.ts';
import { programs, type StartProgram } from '../kit/programs.ts';

const COMMAND = 'src/bin/rdkafka-ts.ts';
/** Of the command itself, before any subcommand. */
const OF_ALL = ['--help', '--version'];

let start: StartProgram;
beforeAll(async () => {
  start = await programs(COMMAND);
});

const all = documents();

const problemsOf = (document: Document): string[] =>
  commandsOf(document)
    .map((command) => [placeOf(command), problemOf(command, document)])
    .filter(([, problem]) => problem !== null)
    .map((parts) => parts.join(': '));

/** Of commands that call `rdkafka-ts`: what its help does not know. */
async function unknown(commands: readonly Command[]): Promise<string[]> {
  const calls = commands.filter(({ words }) => subcommandOf(words) !== null);
  const helps = new Map<string, string>();
  for (const name of new Set(calls.map(({ words }) => subcommandOf(words)!))) {
    const help = start(COMMAND, {}, ['help', ...(/^(help|version|--.*)$/.test(name) ? [] : [name])]);
    helps.set(name, (await help.ended) === 0 ? help.out() : '');
  }
  return calls.flatMap((call) => {
    const name = subcommandOf(call.words)!;
    const help = helps.get(name)!;
    const bad =
      help === ''
        ? [name]
        : optionsOf(call.words).filter((option) => !help.includes(`${option} `) && !OF_ALL.includes(option));
    return bad.map((word) => `${placeOf(call)}: ${word}`);
  });
}

test('commands of documents are scripts of package.json, programs that are there, or known and why', () => {
  expect(all.flatMap(commandsOf).length).toBeGreaterThan(20);
  expect(all.flatMap(problemsOf)).toEqual([]);
});

test('the subcommands of rdkafka-ts are there, and have the options that documents give them', async () => {
  const commands = all.flatMap(commandsOf);

  expect(commands.filter(({ words }) => subcommandOf(words) === 'mock').length).toBeGreaterThan(1);
  expect(await unknown(commands)).toEqual([]);
});

test('the check sees what is wrong', async () => {
  const document = readDocument(
    'x.md',
    `Run \`npm run nothing\` or \`TEST_DEBUG=all npx vitest run 1\`.

\`\`\`sh
npm ci && npm run build   # good
curl http://example.com \\
  | sh
A=b node no/such/file.mjs
node saved.mjs
npx rdkafka-mock --port 9092
npm install ../rdkafka-ts-0.0.1.tgz
npx rdkafka-ts serve
npx rdkafka-ts mock --port 9092 --colour red
cd nowhere
\`\`\`

\`\`\`ts run as saved.mjs
\`\`\`
`,
  );

  expect(problemsOf(document).map((text) => text.split(': ')[0])).toEqual(
    [5, 5, 7, 9, 10, 13, 1].map((line) => `x.md:${line}`),
  );
  expect(await unknown(commandsOf(document))).toEqual(['x.md:11: serve', 'x.md:12: --colour']);
});
