// The end of the process: who keeps it alive after poll_start, and the line about messages that it takes along
// (api.md, section 5, "Exit").
// @thread app
//
// `beforeExit` comes when the event loop has nothing left to do: only then it matters whether messages are on their
// way, and `produce` needs no code for it.

import { systemClock } from '../rd/clock.ts';
import { LogSink } from '../rd/log.ts';
import type { Handle } from './handle.ts';
import { registry } from './registry.ts';
import { outqLen } from './serve.ts';
import type { AppThread } from './thread.ts';

/** Installed once a thread, with its first handle. */
export function watchExit(thread: AppThread): void {
  process.on('beforeExit', () => holdServing(thread));
  process.on('exit', () => tellUndelivered());
}

function holdServing(thread: AppThread): void {
  for (const each of registry().handles) {
    const rk = each as Handle;
    if (!rk.serving || rk.closing || outqLen(rk) === 0) continue;
    thread.hold(rk.port, () => rk.serving && !rk.closing && !rk.dead && outqLen(rk) > 0);
  }
}

function tellUndelivered(): void {
  let sink: LogSink | null = null;
  for (const each of registry().handles) {
    const rk = each as Handle;
    const count = undelivered(rk);
    if (count === 0) continue;
    sink ??= new LogSink({ clock: systemClock });
    sink.logLine(
      `rdkafka-ts: ${rk.name}: the process ends with ${count} ${count === 1 ? 'message' : 'messages'} not delivered: flush() or destroy() before it waits for them`,
    );
  }
}

/**
 * Accepted, and not known to be stored; reports that nobody polled for count for what they say. What waits for room in
 * produce_async was given to us as well.
 */
function undelivered(rk: Handle): number {
  const waiting = rk.awaited?.waitingCount ?? 0;
  if (rk.limits === null || rk.limits.messages + waiting === 0) return 0;
  try {
    rk.thread.drain();
  } catch {
    // What is known without it is told.
  }
  return waiting + Math.max(0, rk.limits.messages - (rk.reports?.delivered() ?? 0));
}
