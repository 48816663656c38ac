// What a library of ours may leave behind in this process after its handles are destroyed: nothing. @thread app
import { readdirSync, readFileSync } from 'node:fs';
import { registry } from '../../src/app/registry.ts';
import type { AppThread } from '../../src/app/thread.ts';
import { WORKERS_OF_APP } from '../../src/ops/thread_page.ts';
import { until } from './until.ts';

/** Workers of ours that this thread's families have, the mock's included. */
export function workersOfApp(): number {
  const thread = registry().workers as AppThread | undefined;
  return thread === undefined ? 0 : Atomics.load(thread.page, WORKERS_OF_APP);
}

/** What is open, or '' for nothing. A worker that was told to end takes a moment: see `nothingLeft`. */
export function whatIsLeft(): string {
  const left: string[] = [];
  const { handles, workers } = registry();
  const thread = workers as AppThread | undefined;
  if (handles.size > 0) left.push(`${handles.size} handles`);
  if (thread !== undefined) {
    if (thread.members.size > 0) left.push(`${thread.members.size} members`);
    if (thread.pendingPromises > 0) left.push(`${thread.pendingPromises} promises`);
    if ((thread.mains?.all.length ?? 0) > 0) left.push(`${thread.mains!.all.length} mains`);
    if (workersOfApp() > 0) left.push(`${workersOfApp()} workers`);
  }
  const names = threadNames().filter((name) => name.startsWith('rdk:'));
  if (names.length > 0) left.push(`threads ${names.join(' ')}`);
  return left.join(', ');
}

/** Names of this process's threads as the system has them (cut to 15 characters); none where there is no /proc. */
function threadNames(): string[] {
  try {
    return readdirSync('/proc/self/task').map((id) => readFileSync(`/proc/self/task/${id}/comm`, 'utf8').trim());
  } catch {
    return [];
  }
}

/** How many threads this process has; 0 where there is no /proc. */
export function threadCount(): number {
  return threadNames().length;
}

/** Resolves when nothing is left; rejects after `deadline_ms` with what is. */
export async function nothingLeft(deadline_ms = 30_000): Promise<void> {
  await until(() => whatIsLeft() === '', { deadline_ms, what: () => `nothing left, but there is: ${whatIsLeft()}` });
}
