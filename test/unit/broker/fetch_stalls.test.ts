// Which partitions a fetcher says stand still, why, and when it takes that back.
import { expect, test } from 'vitest';
import { RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED } from '../../../src/defs/enums.ts';
import { records, Scene } from './fetch_scene.ts';

/** Serves each half second, as a loop that something else wakes too. */
function pass(scene: Scene, ms: number): void {
  const end = scene.now + ms;
  while (scene.now < end) {
    scene.now += 500;
    scene.serve();
  }
}

test('one whose broker answers is not told, though nothing new comes', () => {
  const scene = new Scene();
  scene.part(0, 100);
  for (let i = 0; i < 20; i++) {
    scene.serve();
    scene.answer({ index: 0 });
    scene.now += 500;
  }

  expect(scene.stalled).toEqual([]);
});

test('one whose broker does not answer is told once, and again when it does', () => {
  const scene = new Scene();
  scene.part(0, 0);
  scene.serve();
  pass(scene, 1500);
  const early = [...scene.stalled];
  pass(scene, 10_000);
  scene.answer({ index: 0, records: records(0, 1) });
  pass(scene, 1000);

  expect([early, scene.stalled]).toEqual([[], ['0 no_answer 0', '0 null 0']]);
});

test('one that the broker refuses is told with the error', () => {
  const scene = new Scene();
  scene.part(0, 0);
  scene.part(1, 100);
  for (let i = 0; i < 12; i++) {
    if (scene.serve() !== null) {
      const refused = 0 in scene.asked ? [{ index: 0, err: RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED }] : [];
      scene.answer(...refused, { index: 1 });
    }
    scene.now += 500;
  }

  expect(scene.stalled).toEqual([`0 fetch_error ${RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED}`]);
});

test('one whose connection broke is told as not answered', () => {
  const scene = new Scene();
  scene.part(0, 0);
  for (let i = 0; i < 8; i++) {
    if (scene.serve() !== null) scene.sent.at(-1)!.done(RD_KAFKA_RESP_ERR__TRANSPORT, null, -1, null);
    scene.now += 500;
  }

  expect(scene.stalled).toEqual(['0 no_answer 0']);
});

test('one for which there is no room is told, until the application has taken some', () => {
  const scene = new Scene({ 'queued.max.messages.kbytes': 1 });
  const part = scene.part(0, 0);
  scene.serve();
  scene.answer({ index: 0, records: records(0, 20, 100) });
  pass(scene, 5000);
  const full = [...scene.stalled];
  scene.consumed(part);
  pass(scene, 1500);

  expect([full, scene.stalled]).toEqual([['0 buffer_full 0'], ['0 buffer_full 0', '0 null 0']]);
});

test('one that is paused is not told: main knows', () => {
  const scene = new Scene();
  const part = scene.part(0, 0);
  scene.fetcher.pause(part.cell.id, part.home, true);
  pass(scene, 5000);

  expect(scene.stalled).toEqual([]);
});
