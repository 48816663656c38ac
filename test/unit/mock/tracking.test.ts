import { expect, test } from 'vitest';
import { Tracking } from '../../../src/mock/tracking.ts';

const request = { id: 1, apiKey: 3, apiVersion: 12, clientId: 'c', timestamp: 5 };

test('requests are kept only while tracking is on', () => {
  const tracking = new Tracking();

  tracking.record(request);
  tracking.start();
  tracking.record(request);

  expect(tracking.requests()).toEqual([request]);
});

test('stopping and clearing forget what there was', () => {
  const tracking = new Tracking();
  tracking.start();
  tracking.record(request);

  tracking.clear();
  const cleared = tracking.requests();
  tracking.record(request);
  tracking.stop();

  expect([cleared, tracking.requests()]).toEqual([[], []]);
});
