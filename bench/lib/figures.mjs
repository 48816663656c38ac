// Medians, spreads and the table; and the figures that several scenarios have.

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** A number with three significant digits (two below 0.1, none below 0.0001) and thousands marks. */
export function short(value) {
  if (!Number.isFinite(value)) return '-';
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
  if (Math.abs(value) >= 100) return value.toFixed(0);
  if (value !== 0 && Math.abs(value) < 0.1) return Number(value.toPrecision(2)).toFixed(Math.abs(value) < 0.01 ? 4 : 3);
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

/** 'median (least-greatest)' of a list of numbers. */
export function withSpread(values) {
  if (values.length === 1 || values.every(Number.isNaN)) return short(values[0]);
  return `${short(median(values))} (${short(Math.min(...values))}-${short(Math.max(...values))})`;
}

/** Lines up rows of cells; the first column to the left, the others to the right. */
export function table(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join('  ');
  const [head, ...body] = rows.map(line);
  return [head, '-'.repeat(head.length), ...body].join('\n');
}

// A figure with `compare` gets a column that relates its median to the first client's. `of` gets a run, and the run of the
// row that it is compared to.
export const rate = { title: 'messages/s', compare: true, of: (run) => run.result.messages / run.result.seconds };
export const cpu = {
  title: 'CPU s per million',
  compare: true,
  of: (run) => (run.cpuSeconds / run.result.messages) * 1e6,
};
export const from = (title, key) => ({ title, of: (run) => run.result[key] });
export const inMs = (title, key) => from(`${title} ms`, key);
export const main = (figure) => ({ ...figure, compare: true });
