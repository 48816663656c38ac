// What the demo shows: a line that moves, what happened, and a table at the end. @thread app
import { systemClock, type Timer } from '../../rd/clock.ts';
import type { Tally, Totals } from './tally.ts';

/** The line is drawn anew this often; where it can't be overwritten, a new one is written less often. */
const REDRAW_MS = 200;
const LINE_MS = 1000;
const CLEAR = '\r\x1b[2K';

export interface Figures {
  readonly totals: Totals;
  readonly producing_ms: number;
  readonly consuming_ms: number;
  readonly rebalances: number;
}

export class Screen {
  private readonly tally: Tally;
  private readonly started: number;
  private readonly terminal: boolean;
  private timer: Timer | null;
  private produced: number;
  private consumed: number;
  private at: number;

  constructor(tally: Tally) {
    this.tally = tally;
    this.started = systemClock.now();
    this.terminal = process.stdout.isTTY === true;
    this.timer = null;
    this.produced = 0;
    this.consumed = 0;
    this.at = this.started;
  }

  /** Milliseconds since the demo began. */
  get elapsed(): number {
    return systemClock.now() - this.started;
  }

  /** Something happened: a line that stays. */
  say(text: string): void {
    const clear = this.terminal ? CLEAR : '';
    process.stdout.write(`${clear}${seconds(this.elapsed)}  ${text}\n`);
  }

  /** The moving line begins. */
  start(): void {
    this.at = systemClock.now();
    this.produced = this.tally.produced;
    this.consumed = this.tally.consumed;
    this.tick();
  }

  stop(): void {
    this.timer?.clear();
    this.timer = null;
    if (this.terminal) process.stdout.write(CLEAR);
  }

  private tick(): void {
    this.timer = systemClock.setTimer(this.terminal ? REDRAW_MS : LINE_MS, () => {
      this.draw();
      this.tick();
    });
  }

  private draw(): void {
    const { produced, delivered, consumed } = this.tally;
    const now = systemClock.now();
    const per = (count: number): string => grouped(Math.round((count / (now - this.at)) * 1000));
    const text =
      `produced ${grouped(produced)} (${per(produced - this.produced)}/s), delivered ${grouped(delivered)}, ` +
      `consumed ${grouped(consumed)} (${per(consumed - this.consumed)}/s)`;
    this.at = now;
    this.produced = produced;
    this.consumed = consumed;
    if (this.terminal) process.stdout.write(`${CLEAR}${seconds(this.elapsed)}  ${text}`);
    else this.say(text);
  }
}

/** Every message by its id, in words that say what is good. */
export function table({ totals, producing_ms, consuming_ms, rebalances }: Figures): string {
  const { produced, delivered, failed, reportedTwice, neverReported, consumed, lost, consumedTwice, storedTwice } =
    totals;
  const duplicated = consumedTwice + storedTwice;
  const rows: [string, number, string][] = [
    ['produced', produced, rate(produced, producing_ms)],
    ['delivered', delivered, 'by delivery reports'],
    ['consumed', consumed, rate(consumed, consuming_ms)],
    ['lost', lost, ''],
    ['duplicated', duplicated, duplicated === 0 ? '' : `${storedTwice} stored twice, ${consumedTwice} consumed twice`],
    ['failed', failed, ''],
    ['reported twice', reportedTwice, ''],
    ['never reported', neverReported, ''],
    ['rebalances', rebalances, 'assignments that members were given'],
  ];
  const lines = rows.map(([name, value, note]) =>
    `  ${name.padEnd(16)}${grouped(value).padStart(12)}  ${note}`.trimEnd(),
  );
  return `\n${lines.join('\n')}\n\n`;
}

function rate(count: number, ms: number): string {
  return `${grouped(Math.round((count / Math.max(ms, 1)) * 1000))} messages of 100 bytes a second`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`.padStart(7);
}

function grouped(value: number): string {
  return value.toLocaleString('en-US');
}
