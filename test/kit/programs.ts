// Programs of this repository (examples, the command) in processes of their own, built as a user's bundler would.
// @thread any
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, onTestFinished } from 'vitest';
import { doors } from '../../scripts/doors.mjs';
import { saysOf } from './child.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface Program {
  readonly process: ChildProcess;
  readonly out: () => string;
  readonly err: () => string;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  /** Resolves when standard output matches; rejects with all that was written at its end, or after 60 s. */
  readonly says: (text: RegExp) => Promise<RegExpExecArray>;
  /** The same of standard error. */
  readonly tells: (text: RegExp) => Promise<RegExpExecArray>;
}

/** `stdin` is empty unless it is a pipe. */
export type StartProgram = (
  name: string,
  env?: Readonly<Record<string, string>>,
  args?: readonly string[],
  stdin?: 'ignore' | 'pipe',
) => Program;

/**
 * Bundles these sources (paths from the root) once; the function that it gives starts one of them. What still runs when
 * its test ends is killed. Call it in beforeAll.
 */
export async function programs(...sources: readonly string[]): Promise<StartProgram> {
  const dir = mkdtempSync(join(tmpdir(), 'rdkafka-programs-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  await bundlePrograms(dir, Object.fromEntries(sources.map((path) => [path.replace(/\.ts$/, ''), path])));
  return (name, env = {}, args = [], stdin = 'ignore') =>
    start(dir, [join(dir, name.replace(/\.ts$/, '.mjs')), ...args], env, stdin);
}

/** Bundles programs into `dir`: name of the bundle, without ending -> its source, from the root or absolute. */
export async function bundlePrograms(dir: string, sources: Readonly<Record<string, string>>): Promise<void> {
  // A name with a path comes before the package's own, which is a part of it.
  const names = [...doors].sort((a, b) => Number(a === 'index') - Number(b === 'index'));
  await build({
    absWorkingDir: ROOT,
    entryPoints: Object.entries(sources).map(([out, path]) => ({ in: path, out })),
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    outdir: dir,
    outExtension: { '.js': '.mjs' },
    alias: Object.fromEntries(
      names.map((door) => [door === 'index' ? 'rdkafka-ts' : `rdkafka-ts/${door}`, join(ROOT, `src/${door}.ts`)]),
    ),
    logLevel: 'silent',
  });
}

/** Runs Node with these arguments; it is killed when the test ends before it. */
export function start(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  stdin: 'ignore' | 'pipe' = 'ignore',
): Program {
  const { RDKAFKA_TS_WORKER: _, NODE_OPTIONS: __, ...inherited } = process.env;
  const child = spawn(process.execPath, [...args], {
    cwd,
    stdio: [stdin, 'pipe', 'pipe'],
    env: { ...inherited, ...env },
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  const out = collect(child.stdout!);
  const err = collect(child.stderr!);
  const parts = { out, err, ended };
  return { process: child, ...parts, says: saysOf(out, parts), tells: saysOf(err, parts) };
}

function collect(stream: NodeJS.ReadableStream): () => string {
  const pieces: string[] = [];
  stream.setEncoding('utf8').on('data', (piece) => pieces.push(String(piece)));
  return () => pieces.join('');
}
