// Runs the programs and the test files of a document. @thread any
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { doors } from '../../../scripts/doors.mjs';
import { bundlePrograms, start } from '../programs.ts';
import { isOutput, labelOf } from './blocks.ts';
import { type Block, type Document, placeOf, ROOT } from './markdown.ts';

const DEADLINE_MS = 60_000;

const kindOf = (block: Block): string => labelOf(block).kind;

export const programsOf = ({ blocks }: Document): Block[] => blocks.filter((block) => kindOf(block) === 'run');
export const testsOf = ({ blocks }: Document): Block[] => blocks.filter((block) => kindOf(block) === 'vitest');

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'rdkafka-docs-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** The name that a program is saved by. */
function fileName(block: Block): string {
  const label = labelOf(block);
  return (label.kind === 'run' ? label.as : null) ?? `program.${block.language}`;
}

/**
 * Runs the programs of a document one after the other on that cluster, each in a process of its own. Gives what is wrong:
 * one that has not ended after 60 s or not with 0, or that writes something else than the block behind it shows.
 */
export async function runPrograms(document: Document, bootstrap: string): Promise<string[]> {
  const dir = folder();
  const problems: string[] = [];
  for (const block of programsOf(document)) {
    const home = join(dir, String(block.line));
    mkdirSync(home);
    const source = join(home, fileName(block));
    writeFileSync(source, block.text);
    await bundlePrograms(home, { bundle: source });
    const program = start(home, [join(home, 'bundle.mjs')], { KAFKA_BOOTSTRAP: bootstrap });
    const code = await within(program.ended);
    const wrong = problem(code, program.out(), outputOf(document, block));
    if (wrong !== null) problems.push(`${placeOf(block)}: ${wrong}\n${program.out()}${program.err()}`);
  }
  return problems;
}

function problem(code: number | string, written: string, shown: string | null): string | null {
  if (code !== 0) return `ended with ${code}`;
  return shown === null || isOutput(shown, written) ? null : 'wrote something else than the document shows';
}

/** The plain block right behind a program is what it writes. */
function outputOf({ blocks }: Document, block: Block): string | null {
  const next = blocks[blocks.indexOf(block) + 1];
  return next?.follows && kindOf(next) === 'plain' ? next.text : null;
}

async function within(ended: Promise<number | string>): Promise<number | string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve(`nothing: it still ran after ${DEADLINE_MS} ms`), DEADLINE_MS);
  });
  return Promise.race([ended, late]).finally(() => clearTimeout(timer));
}

/** Runs the test files of a document by vitest; gives what vitest writes, or null when all is well. */
export async function runTests(document: Document): Promise<string | null> {
  const dir = folder();
  symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
  for (const block of testsOf(document)) writeFileSync(join(dir, `line_${block.line}.test.ts`), block.text);
  const alias = doors.map((door) => ({
    find: `^rdkafka-ts${door === 'index' ? '' : `/${door}`}$`,
    replacement: join(ROOT, `src/${door}.ts`),
  }));
  writeFileSync(
    join(dir, 'vitest.config.mjs'),
    `const alias = ${JSON.stringify(alias)}.map((one) => ({ ...one, find: new RegExp(one.find) }));
export default { resolve: { alias }, server: { fs: { strict: false } }, test: { pool: 'forks', testTimeout: ${DEADLINE_MS} } };
`,
  );
  const vitest = join(ROOT, 'node_modules/vitest/vitest.mjs');
  const program = start(dir, [vitest, 'run', '--root', dir, '--config', join(dir, 'vitest.config.mjs')], {
    VITEST: '',
  });
  const code = await within(program.ended);
  return code === 0 ? null : `ended with ${code}\n${program.out()}${program.err()}`;
}
