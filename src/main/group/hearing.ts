// How long a close waits for somebody who could hear its last commit and leave: the same in both group protocols.
// @thread main
import type { Coordinator } from '../coordinator.ts';
import type { GroupEnv } from '../group_env.ts';

/** So long somebody is waited for. */
const UNHEARD_MS = 300;

export interface Closing {
  readonly deadline: number;
  readonly done: () => void;
  /** Of a handle that ends: a coordinator that is not connected now is not worth waiting for. */
  readonly ending: boolean;
  /** Nobody has been there to hear us: not later than this, if it stays so. */
  unheardAt: number;
}

interface Hearing {
  readonly env: GroupEnv;
  readonly coordinator: Coordinator;
}

/** Until when the close may take, as things stand. */
export function closeDeadline(member: Hearing, closing: Closing, now: number): number {
  if (heard(member, closing.ending)) closing.unheardAt = Number.POSITIVE_INFINITY;
  else closing.unheardAt = Math.min(closing.unheardAt, now + UNHEARD_MS);
  return Math.min(closing.deadline, closing.unheardAt);
}

/** A coordinator that has moved can be found, as long as some broker answers. */
function heard({ env, coordinator }: Hearing, ending: boolean): boolean {
  const reach = env.reach();
  if (reach === 'coordinator') return coordinator.node !== null || !ending;
  return reach === 'others' && !ending;
}
