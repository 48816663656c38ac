// A parsed pattern as a program for a machine that follows all ways at once. @thread any
import type { Letters } from './pattern_letters.ts';
import { type Node, PatternError, type Place } from './pattern_parse.ts';

/** One letter of the set `arg`, then on to the next instruction. */
export const SET = 0;
/** Both to `arg` and to `arg2`. */
export const SPLIT = 1;
/** On if the place `arg` is here. */
export const ASSERT = 2;
const MATCH = 3;

export const BEGIN = 0;
export const END = 1;
export const WORD_START = 2;
export const WORD_END = 3;
export const EDGE = 4;
const NO_EDGE = 5;

const PLACES: Readonly<Record<Place, number>> = {
  begin: BEGIN,
  end: END,
  wordStart: WORD_START,
  wordEnd: WORD_END,
  edge: EDGE,
  noEdge: NO_EDGE,
};

/** (x{1000}){1000} is refused, and not made. */
const MAX_INSTRUCTIONS = 10_000;

export interface Program {
  readonly op: number[];
  readonly arg: number[];
  readonly arg2: number[];
  readonly sets: Letters[];
  /** It can match at the start of a text only, which begins with this. */
  readonly anchored: boolean;
  readonly prefix: string;
}

function emit(program: Program, op: number, arg: number, arg2 = 0): number {
  if (program.op.length >= MAX_INSTRUCTIONS) throw new PatternError('the pattern is too large');
  program.op.push(op);
  program.arg.push(arg);
  program.arg2.push(arg2);
  return program.op.length - 1;
}

function emitNode(program: Program, node: Node): void {
  switch (node.kind) {
    case 'letters':
      emit(program, SET, program.sets.push(node.letters) - 1);
      return;
    case 'place':
      emit(program, ASSERT, PLACES[node.place]);
      return;
    case 'all':
      for (const each of node.nodes) emitNode(program, each);
      return;
    case 'any':
      emitAny(program, node.nodes);
      return;
    case 'repeat':
      emitRepeat(program, node);
  }
}

function emitAny(program: Program, nodes: readonly Node[]): void {
  const ends: number[] = [];
  nodes.forEach((node, i) => {
    if (i === nodes.length - 1) {
      emitNode(program, node);
      return;
    }
    const split = emit(program, SPLIT, program.op.length + 1);
    emitNode(program, node);
    ends.push(emit(program, SPLIT, 0));
    program.arg2[split] = program.op.length;
  });
  for (const end of ends) {
    program.arg[end] = program.op.length;
    program.arg2[end] = program.op.length;
  }
}

function emitRepeat(program: Program, { node, least, most }: Extract<Node, { kind: 'repeat' }>): void {
  for (let i = 0; i < least; i++) emitNode(program, node);
  if (most === Number.POSITIVE_INFINITY) {
    const split = emit(program, SPLIT, program.op.length + 1);
    emitNode(program, node);
    emit(program, SPLIT, split, split);
    program.arg2[split] = program.op.length;
    return;
  }
  const splits: number[] = [];
  for (let i = least; i < most; i++) {
    splits.push(emit(program, SPLIT, program.op.length + 1));
    emitNode(program, node);
  }
  for (const split of splits) program.arg2[split] = program.op.length;
}

/** Whether whatever it matches lies at the start of the text. */
function anchored(node: Node): boolean {
  if (node.kind === 'place') return node.place === 'begin';
  if (node.kind === 'all') return node.nodes.length > 0 && anchored(node.nodes[0]!);
  return node.kind === 'any' && node.nodes.every(anchored);
}

/** The letters that follow the ^ at its start without a choice. */
function prefixOf(node: Node): string {
  if (node.kind !== 'all' || node.nodes.length === 0 || node.nodes[0]!.kind !== 'place') return '';
  let prefix = '';
  for (const each of node.nodes.slice(1)) {
    const letter = each.kind === 'letters' ? each.letters.only : null;
    if (letter === null) break;
    prefix += letter;
  }
  return prefix;
}

/** @throws PatternError for a pattern that is too large. */
export function compile(node: Node): Program {
  const isAnchored = anchored(node);
  const prefix = isAnchored ? prefixOf(node) : '';
  const program: Program = { op: [], arg: [], arg2: [], sets: [], anchored: isAnchored, prefix };
  emitNode(program, node);
  emit(program, MATCH, 0);
  return program;
}
