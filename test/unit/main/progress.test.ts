// Partitions that stand still, on a clock of the test's: which causes are noticed, when, and how often.
import { describe, expect, test } from 'vitest';
import { RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED } from '../../../src/defs/enums.ts';
import type { StallCause } from '../../../src/defs/stall_cause.ts';
import { Assigned } from '../../../src/main/assigned.ts';
import { Progress, STALL_MS } from '../../../src/main/progress.ts';
import type { Cell } from '../../../src/ops/cells.ts';

class Scene {
  now = 0;
  polledAt = 0;
  placed = true;
  readonly lines: string[] = [];
  /** What the app is told. */
  readonly told: StallCause[] = [];
  readonly part: Assigned;
  readonly progress: Progress;

  constructor() {
    this.part = new Assigned('t', 3, {} as Cell, 0, -1, false);
    this.part.state = 'fetching';
    this.progress = new Progress({
      partitions: () => [this.part],
      placed: () => this.placed,
      polledAt: () => this.polledAt,
      log: (level, text) => void this.lines.push(`${level} ${text}`),
      stalled: (_part, cause) => void this.told.push(cause),
    });
  }

  /** Lets time pass as the loop of main does; the app polls all the while if `polling`. */
  pass(ms: number, polling = true): void {
    const end = this.now + ms;
    for (let at = this.progress.poll(this.now); at <= end; at = this.progress.poll(at)) {
      this.now = at;
      if (polling) this.polledAt = at;
    }
    this.now = end;
  }

  get counts(): [StallCause, number][] {
    return (Object.entries(this.progress.stalls) as [StallCause, number][]).filter(([, count]) => count > 0);
  }
}

const CAUSES: [StallCause, (scene: Scene) => void][] = [
  ['no_leader', (scene) => void (scene.placed = false)],
  [
    'fetch_error',
    ({ part }) => void (part.stall = { cause: 'fetch_error', err: RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED }),
  ],
  ['buffer_full', ({ part }) => void (part.stall = { cause: 'buffer_full', err: 0 })],
  ['paused', ({ part }) => void (part.paused = true)],
  ['no_answer', ({ part }) => void (part.stall = { cause: 'no_answer', err: 0 })],
];

describe('a partition that stands still', () => {
  test.each(CAUSES)('for %s is told once, after a while', (cause, stop) => {
    const scene = new Scene();
    scene.pass(5000);
    stop(scene);
    scene.pass(STALL_MS - 2000);
    const early = scene.lines.length;
    scene.pass(10 * STALL_MS);

    expect([early, scene.lines.length]).toEqual([0, 1]);
    expect(scene.counts).toEqual([[cause, 1]]);
    expect(scene.told).toEqual([cause]);
    expect(scene.lines[0]).toContain('t [3]: no progress');
  });

  test('because nobody polls is told as that, though its queue is full', () => {
    const scene = new Scene();
    scene.part.stall = { cause: 'buffer_full', err: 0 };
    scene.pass(3 * STALL_MS, false);

    expect(scene.counts).toEqual([['not_polled', 1]]);
  });

  test('and goes on is told so, and told anew when it stops again', () => {
    const scene = new Scene();
    scene.part.paused = true;
    scene.pass(2 * STALL_MS);
    scene.part.paused = false;
    scene.pass(2 * STALL_MS);
    scene.part.paused = true;
    scene.pass(2 * STALL_MS);

    expect(scene.lines.map((line) => line.slice(0, 20))).toEqual([
      '6 t [3]: no progress',
      '6 t [3]: goes on',
      '6 t [3]: no progress',
    ]);
  });

  test('now for this cause, now for that, never for long, is not told', () => {
    const scene = new Scene();
    for (let i = 0; i < 10; i++) {
      scene.part.stall = i % 2 === 0 ? { cause: 'no_answer', err: 0 } : null;
      scene.pass(STALL_MS / 2);
    }

    expect(scene.lines).toEqual([]);
  });
});

test('a partition that is fetched and answered is not told', () => {
  const scene = new Scene();
  scene.pass(100_000, false);
  expect(scene.lines).toEqual([]);
});
