// The wall clock as the application sees it: it follows a faked Date, as a record's timestamp does (api.md, section 3).
// @thread app

/** Milliseconds since 1970. */
export function wallClock(): number {
  return Date.now();
}
