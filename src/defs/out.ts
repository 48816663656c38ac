// An out-parameter: C's `T *` as an object with one field (api.md rule 12). @thread any

/** Where a function leaves a result beside its return value; left untouched on error. Any object with `value` will do. */
export interface Out<T> {
  value: T;
}

/**
 * Makes an out-parameter: `const lo = out<number>(); query_watermark_offsets(rk, 't', 0, lo, hi, 1000); lo.value`.
 * Without `initial`, `value` is undefined until a call succeeds.
 */
export function out<T>(initial?: T): Out<T> {
  return { value: initial as T };
}
