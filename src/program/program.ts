// program() of rdkafka-ts/program: one call, in both threads of a program. @thread app

import { isAbsolute } from 'node:path';
import { setImmediate } from 'node:timers';
import { isMainThread } from 'node:worker_threads';
import { checkFunction, checkInt32, typeError } from '../rd/check.ts';
import { isPromiseLike } from '../rd/promise_like.ts';
import { Keeper } from './keeper.ts';
import { programLink } from './link.ts';
import { type Output, stderr, stdout } from './output.ts';
import { programState } from './state.ts';

/** Gets what C's main gets: the program's path, then its arguments. */
// biome-ignore lint/suspicious/noConfusingVoidType: a main without return is one, too
export type Main = (argv: string[]) => number | void | PromiseLike<number | void>;

/** Of Node for a promise at the top level that nothing will settle. */
const UNSETTLED = 13;

/**
 * Runs `main` as C runs its main: calls of the library may block as long as they like, and signals get through. Call it
 * once, at the end of the program's module, with `import.meta.url` (CommonJS: `__filename`).
 *
 * In the main thread it starts that module again, in a worker with the same arguments, execArgv and environment (so tsx
 * and what else is preloaded work), and returns; the main thread only hears signals and reads standard input for
 * it. In the worker it runs `main(argv)` and does not return, or, if main gives a promise, returns and waits for that.
 * What stands outside main runs in both threads: declarations, and no work.
 *
 * The process ends when main returns, whatever is going on (`exit(n)` of C is `return n`): with that number as its exit
 * code, without one by process.exitCode, else 0. `process.exit(n)` in main does it at once. An error that main does not
 * catch is written to stderr and gives 1; EPIPE of `stdout` or `stderr` gives 141 without a word, as SIGPIPE would in C; a
 * promise that nothing is left to settle gives 13. A signal that `signal` has no handler for does what the system does.
 *
 * In the worker `console` and `process.stdout` write at once, like `stdout` (console does not mind a closed pipe);
 * `process.stdin` is empty (`getline`), `process.on(signal)` hears nothing (`signal`), and process.chdir and the like throw.
 *
 * Throws Error when it is called twice, and in any other worker; TypeError for what is not a file.
 */
export function program(module: string | URL, main: Main): void {
  const location = locationOf(module);
  checkFunction('program', 'main', main);
  const state = programState();
  const link = programLink();
  if (link === null && !isMainThread) throw new Error('program: it starts in the main thread of a process');
  if (state.called) throw new Error('program: it was called before, and a process has one main');
  state.called = true;
  if (link !== null) {
    runMain(main);
    return;
  }
  // Those of `signal` outside main: in the worker they are set again, and those count.
  for (const [name, handler] of state.handlers) process.off(name, handler);
  new Keeper(location);
}

function locationOf(module: string | URL): string | URL {
  const text = String(module);
  if (text.startsWith('file:') || text.startsWith('data:')) return new URL(text);
  if (typeof module !== 'string' || !isAbsolute(module))
    throw typeError('program', 'module', 'import.meta.url or __filename', module);
  return module;
}

function runMain(main: Main): void {
  atOnce(process.stdout, stdout);
  atOnce(process.stderr, stderr);
  const result = main(process.argv.slice(1));
  if (!isPromiseLike(result)) end(result);
  const settled = whileUnsettled();
  result.then(
    (value) => {
      settled();
      // Outside the promise, which would make a rejection of what is thrown.
      setImmediate(() => end(value));
    },
    (error: unknown) => {
      settled();
      setImmediate(() => {
        throw error;
      });
    },
  );
}

function end(result: unknown): never {
  process.exit(result === undefined ? process.exitCode : checkInt32('program', 'what main returns', result));
}

/** Says so when the thread has nothing left to do and main's promise is still pending. */
function whileUnsettled(): () => void {
  const at = { settled: false, idle: false };
  process.on('beforeExit', () => {
    at.idle = true;
    setImmediate(() => {
      at.idle = false;
    }).unref();
  });
  process.on('exit', (code) => {
    if (at.settled || !at.idle || code !== 0) return;
    stderr.write('program: the promise of main is pending, and nothing is left that would settle it\n');
    process.exitCode = UNSETTLED;
  });
  return () => {
    at.settled = true;
  };
}

type Chunk = { readonly chunk: string | Uint8Array; readonly encoding: BufferEncoding };

/** A worker hands what it writes to the main thread piece by piece, from its event loop, which a blocking main never turns. */
function atOnce(stream: NodeJS.WriteStream, output: Output): void {
  stream._writev = (chunks: Chunk[], done: (error?: Error | null) => void): void => {
    try {
      for (const { chunk, encoding } of chunks)
        output.write(typeof chunk === 'string' ? Buffer.from(chunk, encoding) : chunk);
      done();
    } catch (error) {
      done(error as Error);
    }
  };
}
