// What auto.offset.reset stands for. @thread main

import { byDuration, parseDuration } from '../defs/offset_time.ts';

const BEGINNING = -2;
const END = -1;
const BY_DURATION = 'by_duration:';

/** A logical offset; null: an error. `value` as the property keeps it. */
export function resetOf(value: string): number | null {
  if (value === 'smallest') return BEGINNING;
  if (value === 'largest') return END;
  const ms = value.startsWith(BY_DURATION) ? parseDuration(value.slice(BY_DURATION.length)) : null;
  return ms === null ? null : byDuration(ms);
}
