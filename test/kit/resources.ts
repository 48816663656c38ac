// What keeps this process's event loop alive and could be ours: ports, sockets, timers. @thread app
import { until } from './until.ts';

const KINDS: readonly string[] = ['MessagePort', 'TCPSocketWrap', 'TCPServerWrap', 'Timeout', 'Worker'];

export type Resources = ReadonlyMap<string, number>;

/** How many there are of each kind now. */
export function resources(): Resources {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo())
    if (KINDS.includes(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** What there is more of than `before`, in words; '' for nothing. */
export function added(before: Resources): string {
  const more: string[] = [];
  for (const [kind, count] of resources())
    if (count > (before.get(kind) ?? 0)) more.push(`${count - (before.get(kind) ?? 0)} ${kind}`);
  return more.join(', ');
}

/** Resolves when there is no more than `before`; rejects after 30 s with what there is. */
export async function nothingAdded(before: Resources): Promise<void> {
  await until(() => added(before) === '', {
    deadline_ms: 30_000,
    what: () => `resources of a test to end; left: ${added(before)}`,
  });
}
