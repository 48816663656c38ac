// Which broker or handle lives in which worker: the whole policy (design.md, section 3).
// @thread any: pure

/** An app thread has at most so many main workers; further handles join the one with fewest. */
export const MAX_MAINS = 4;

/** From so many workers of ours on, brokers share those of their family. */
export function workerLimit(cores: number): number {
  return Math.max(4, 2 * cores);
}

/** The worker that takes one more broker, or null to start a new one. A family without a worker always gets one. */
export function placeBroker<W extends { readonly brokers: number }>(
  family: readonly W[],
  total: number,
  limit: number,
): W | null {
  const idle = family.find((worker) => worker.brokers === 0);
  if (idle !== undefined) return idle;
  if (family.length === 0 || total < limit) return null;
  return fewest(family, (worker) => worker.brokers);
}

/** The main worker that takes one more handle, or null to start a new one. */
export function placeHandle<M extends { readonly handles: number }>(
  mains: readonly M[],
  total: number,
  limit: number,
): M | null {
  if (mains.length === 0 || (mains.length < MAX_MAINS && total < limit)) return null;
  return fewest(mains, (main) => main.handles);
}

function fewest<T>(of: readonly T[], count: (each: T) => number): T {
  let least = of[0] as T;
  for (const each of of) if (count(each) < count(least)) least = each;
  return least;
}
