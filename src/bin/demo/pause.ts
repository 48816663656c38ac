// Waiting without blocking. @thread app
import { systemClock } from '../../rd/clock.ts';

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    systemClock.setTimer(ms, resolve);
  });
}

/** Looks at `condition` every few milliseconds; resolves with whether it came true within `ms`. */
export async function within(ms: number, condition: () => boolean): Promise<boolean> {
  const deadline = systemClock.now() + ms;
  while (!condition()) {
    if (systemClock.now() > deadline) return false;
    await pause(5);
  }
  return true;
}
