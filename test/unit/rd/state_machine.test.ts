import { expect, test } from 'vitest';
import { StateMachine, type Steps } from '../../../src/rd/state_machine.ts';

type Door = 'open' | 'shut' | 'locked';
const STEPS: Steps<Door> = { open: ['shut'], shut: ['open', 'locked'], locked: ['shut'] };

test('each legal step is told with from, to and why', () => {
  const told: string[] = [];
  const door = new StateMachine<Door>('door', STEPS, 'open', (to, from, why) => told.push(`${from}>${to}: ${why}`));

  door.enter('shut', 'wind');
  door.enter('locked', 'night');

  expect(told).toEqual(['open>shut: wind', 'shut>locked: night']);
});

test('a step that is not in the table throws and changes nothing', () => {
  const door = new StateMachine<Door>('door', STEPS, 'open', () => {});

  expect(() => door.enter('locked', 'haste')).toThrow('door: illegal step open -> locked (haste)');
  expect(door.state).toBe('open');
});

test('the state has changed when the step is told', () => {
  const seen: Door[] = [];
  const door: StateMachine<Door> = new StateMachine<Door>('door', STEPS, 'open', () => seen.push(door.state));

  door.enter('shut', '');

  expect(seen).toEqual(['shut']);
});
