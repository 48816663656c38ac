// "So long ago" among the logical offsets, for auto.offset.reset=by_duration:... It travels from main to a fetcher like
// BEGINNING and END, and becomes a timestamp when the fetcher asks for it. @thread any

/** Below every TAIL(n) that means something. */
const LONG_AGO = -(2 ** 52);

/** The offset of the first record that is at most so many ms old when it is asked for. */
export function byDuration(ms: number): number {
  return LONG_AGO - ms;
}

export function isDuration(offset: number): boolean {
  return offset <= LONG_AGO;
}

/** The timestamp that ListOffsets is asked for: of a logical offset, or of a duration before `wall` (ms since 1970). */
export function timestampOf(logical: number, wall: () => number): number {
  return isDuration(logical) ? Math.max(0, Math.floor(wall() - (LONG_AGO - logical))) : logical;
}

const ISO = /^P(?=.)(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{0,9}))?S)?)?$/i;

/** ms of `PnDTnHnMn.nS` (ISO 8601 as Java's Duration reads it, without signs); null for what is none. */
export function parseDuration(text: string): number | null {
  const match = ISO.exec(text);
  if (match === null) return null;
  const [, days = '0', hours = '0', minutes = '0', seconds = '0', fraction = ''] = match;
  const whole = ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
  const ms = whole * 1000 + Math.floor(Number(fraction.padEnd(9, '0')) / 1_000_000);
  return Number.isSafeInteger(ms) && ms < 2 ** 52 ? ms : null;
}
