// Programs of a few lines that run the library in a process of their own: for exits, signals and closed descriptors.
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, onTestFinished } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface Child {
  readonly process: ChildProcess;
  /** What it has written so far. */
  readonly out: () => string;
  readonly err: () => string;
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
}

export interface ChildOptions {
  readonly stdio?: StdioOptions;
  readonly env?: Readonly<Record<string, string>>;
  /** Redirections of a shell that starts it: `2>&-`. */
  readonly redirect?: string;
  /** By default what it writes is collected; false leaves its pipes unread. */
  readonly read?: boolean;
}

export type RunChild = (script: string, options?: ChildOptions) => Child;

/**
 * Bundles the library once; the function that it gives runs a script (ESM) in a child, with all of rdkafka.h and
 * rdkafka_mock.h as `k`, the door of services as `promises`, `poll_start`, and `cluster()` that gives `{ bootstrap, end }` of a mock cluster inside the child.
 * A child that still runs when the test ends is killed. Call it in beforeAll.
 */
export async function childRunner(): Promise<RunChild> {
  const dir = mkdtempSync(join(tmpdir(), 'rdkafka-child-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  await build({
    stdin: { contents: LIBRARY, resolveDir: ROOT, sourcefile: 'child.ts', loader: 'ts' },
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    outfile: join(dir, 'library.mjs'),
    logLevel: 'error',
  });
  let count = 0;
  return (script, options = {}) => {
    const file = join(dir, `${++count}.mjs`);
    writeFileSync(file, `import { k, poll_start, promises, cluster, producer } from './library.mjs';\n${script}`);
    return start(file, options);
  };
}

function start(file: string, options: ChildOptions): Child {
  const { RDKAFKA_TS_WORKER: _, NODE_OPTIONS: __, ...inherited } = process.env;
  const command = ['-c', `exec "$0" "$1" ${options.redirect ?? ''}`, process.execPath, file];
  const child = spawn('/bin/sh', command, {
    stdio: options.stdio ?? ['ignore', 'pipe', 'pipe'],
    env: { ...inherited, ...options.env },
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  // Not `exit`: what it wrote last may still be in its pipes then.
  const ended = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | string);
  const collect = (stream: NodeJS.ReadableStream | null): (() => string) => {
    let text = '';
    if (options.read !== false) stream?.on('data', (chunk) => (text += String(chunk)));
    return () => text;
  };
  return { process: child, out: collect(child.stdout), err: collect(child.stderr), ended };
}

const LIBRARY = `
import * as rdkafka from './src/rdkafka.ts';
import * as mock from './src/rdkafka_mock.ts';
import { poll_start } from './src/promise/poll_start.ts';
export { poll_start };
/** The door 'rdkafka-ts'. */
export * as promises from './src/index.ts';
export const k: any = { ...rdkafka, ...mock };

/** A mock cluster of one broker, with the handle that holds it. */
export function cluster(): { bootstrap: string; end(): void } {
  const conf = k.rd_kafka_conf_new();
  k.rd_kafka_conf_set(conf, 'log_level', '2');
  const rk = k.rd_kafka_new(k.RD_KAFKA_PRODUCER, conf);
  const made = k.rd_kafka_mock_cluster_new(rk, 1);
  k.rd_kafka_mock_group_initial_rebalance_delay_ms(made, 0);
  return { bootstrap: k.rd_kafka_mock_cluster_bootstraps(made), end: () => k.rd_kafka_destroy(rk) };
}

/** A producer with these properties that calls report(err, message) for each report. */
export function producer(bootstrap: string, report: any = null, properties: Record<string, string> = {}): any {
  const conf = k.rd_kafka_conf_new();
  for (const [name, value] of Object.entries({ 'bootstrap.servers': bootstrap, ...properties })) {
    const errstr = { value: '' };
    if (k.rd_kafka_conf_set(conf, name, value, errstr) !== 0) throw new Error(errstr.value);
  }
  if (report !== null) k.rd_kafka_conf_set_dr_msg_cb(conf, (_rk: any, message: any) => void report(message.err, message));
  const errstr = { value: '' };
  const rk = k.rd_kafka_new(k.RD_KAFKA_PRODUCER, conf, errstr);
  if (rk === null) throw new Error(errstr.value);
  return rk;
}
`;
