// What rdkafka_performance counts, and its two forms of output: a line now and then, or a table (-u). Fields and columns
// are the C program's, so that both can run side by side; rtt comes from statistics, which the library does not have yet.
import { closeSync, openSync, writeSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { stdout } from 'rdkafka-ts/program';

/** Microseconds, from anywhere. */
export const rd_clock = (): number => performance.now() * 1000;
/** Microseconds since 1970: latencies are between two processes. */
export const wall_clock = (): number => Math.round((performance.timeOrigin + performance.now()) * 1000);

export class Counters {
  /** Producer or consumer. */
  readonly produces: boolean;
  readonly verbosity: number;
  readonly table: boolean;
  readonly dispintvl: number;
  readonly incremental: boolean;
  readonly compression: string;
  /** Of -l. */
  readonly latencies: boolean;
  private readonly latency_fd: number | null;
  t_start = 0;
  t_end = 0;
  t_last = 0;
  t_fetch_latency = 0;
  t_enobufs_last = 0;
  msgs = 0;
  msgs_last = 0;
  bytes = 0;
  bytes_last = 0;
  msgs_dr_ok = 0;
  msgs_dr_err = 0;
  bytes_dr_ok = 0;
  tx = 0;
  tx_err = 0;
  offset = 0;
  private rows_written = 0;
  private latency_last = 0;
  private latency_lo = 0;
  private latency_hi = 0;
  private latency_sum = 0;
  private latency_cnt = 0;

  constructor(options: {
    produces: boolean;
    verbosity: number;
    table: boolean;
    dispintvl: number;
    incremental: boolean;
    compression: string;
    latencies: boolean;
    latency_file: string | null;
  }) {
    this.produces = options.produces;
    this.verbosity = options.verbosity;
    this.table = options.table;
    this.dispintvl = options.dispintvl * 1000;
    this.incremental = options.incremental;
    this.compression = options.compression;
    this.latencies = options.latencies;
    this.latency_fd = options.latency_file === null ? null : openSync(options.latency_file, 'w');
  }

  latency_add(us: number): void {
    if (us > this.latency_hi) this.latency_hi = us;
    if (this.latency_lo === 0 || us < this.latency_lo) this.latency_lo = us;
    this.latency_last = us;
    this.latency_cnt++;
    this.latency_sum += us;
    if (this.latency_fd !== null) writeSync(this.latency_fd, `${us}\n`);
  }

  close(): void {
    if (this.latency_fd !== null) closeSync(this.latency_fd);
  }

  /** When the interval is over, or in any case. `outq` is asked for only then. */
  print(outq: () => number, force = false): void {
    const now = rd_clock();
    if (!force && ((!this.table && this.verbosity === 0) || this.t_last + this.dispintvl > now)) return;
    const t_total = this.total(now);
    if (this.table) this.row(t_total, outq());
    else if (this.produces) this.produced(t_total, outq());
    else stdout.write(`% ${consumption(this.msgs, this.bytes, t_total)}${this.latency()}\n`);
    if (this.incremental && !this.produces && now > this.t_last) this.interval(now);
    this.t_last = now;
    this.msgs_last = this.msgs;
    this.bytes_last = this.bytes;
  }

  private total(now: number): number {
    if (this.t_end > 0) return Math.max(1, this.t_end - this.t_start);
    return this.t_start > 0 ? Math.max(1, now - this.t_start) : 1;
  }

  private produced(t_total: number, outq: number): void {
    stdout.write(
      `% ${this.msgs} messages produced (${this.bytes} bytes), ${this.msgs_dr_ok} delivered (offset ${this.offset}, ` +
        `${this.msgs_dr_err} failed) in ${ms(t_total)}ms: ${rate(this.msgs_dr_ok, t_total)} msgs/s and ` +
        `${(this.bytes_dr_ok / t_total).toFixed(2)} MB/s, ${this.tx_err} produce failures, ${outq} in queue, ` +
        `${this.compression} compression\n`,
    );
  }

  /** Since the line before. */
  private interval(now: number): void {
    const text = consumption(this.msgs - this.msgs_last, this.bytes - this.bytes_last, now - this.t_last);
    stdout.write(`% INTERVAL: ${text}${this.latency()}\n`);
  }

  private latency(): string {
    if (this.average() < 1) return '';
    const [curr, avg, lo, hi] = this.latency_columns().map((value) => value.toFixed(2));
    return `, latency curr/avg/lo/hi ${curr}/${avg}/${lo}/${hi}ms`;
  }

  private row(t_total: number, outq: number): void {
    const columns: [string, string][] = [
      ['elapsed', String(ms(t_total))],
      ['msgs', String(this.msgs)],
      ['bytes', String(this.bytes)],
      ['rtt', '0'],
    ];
    if (this.produces)
      columns.push(
        ['dr', String(this.msgs_dr_ok)],
        ['dr_m/s', String(rate(this.msgs_dr_ok, t_total))],
        ['dr_MB/s', (this.bytes_dr_ok / t_total).toFixed(2)],
        ['dr_err', String(this.msgs_dr_err)],
        ['tx_err', String(this.tx_err)],
        ['outq', String(outq)],
        ['offset', String(this.offset)],
      );
    else
      columns.push(
        ['m/s', String(rate(this.msgs, t_total))],
        ['MB/s', (this.bytes / t_total).toFixed(2)],
        ['rx_err', String(this.msgs_dr_err)],
        ['offset', String(this.offset)],
      );
    if (this.latencies) {
      const [curr, avg, lo, hi] = this.latency_columns().map((value) => value.toFixed(2));
      columns.push(['lat_curr', curr!], ['lat_avg', avg!], ['lat_lo', lo!], ['lat_hi', hi!]);
    }
    // The header comes again now and then, unless -q or -u have made the program quiet.
    if (this.rows_written === 0 || (this.verbosity > 0 && this.rows_written % 20 === 0))
      this.line(columns.map(([name]) => name));
    this.line(columns.map(([, value]) => value));
  }

  private line(cells: readonly string[]): void {
    stdout.write(`${cells.map((cell) => `| ${cell.padStart(10)} `).join('')}\n`);
    this.rows_written++;
  }

  private average(): number {
    return this.latency_cnt === 0 ? 0 : this.latency_sum / this.latency_cnt;
  }

  /** In ms. */
  private latency_columns(): [number, number, number, number] {
    return [this.latency_last / 1000, this.average() / 1000, this.latency_lo / 1000, this.latency_hi / 1000];
  }
}

const ms = (us: number): number => Math.floor(us / 1000);
const rate = (count: number, us: number): number => Math.floor((count * 1_000_000) / us);

function consumption(msgs: number, bytes: number, us: number): string {
  const megabytes = (bytes / us).toFixed(2);
  return `${msgs} messages (${bytes} bytes) consumed in ${ms(us)}ms: ${rate(msgs, us)} msgs/s (${megabytes} MB/s)`;
}
