import { expect, test } from 'vitest';
import { racksOf, replicasOf } from '../../../src/main/racks.ts';

const node = (
  id: number,
  rack: string | null,
): [number, { id: number; host: string; port: number; rack: string | null }] => [id, { id, host: 'h', port: 1, rack }];
const NODES = new Map([node(1, 'a'), node(2, 'b'), node(3, null), node(4, 'a')]);

const answer = (...partitions: [index: number, replicaNodes: number[]][]): Parameters<typeof replicasOf>[0] =>
  partitions.map(
    ([partitionIndex, replicaNodes]) => ({ partitionIndex, replicaNodes }) as Parameters<typeof replicasOf>[0][number],
  );

test('replicas are found by partition, in whatever order they come', () => {
  expect(replicasOf(answer([1, [2]], [0, [1, 3]]))).toEqual([[1, 3], [2]]);
});

test('partitions that can not be are overlooked, those left out have no replicas', () => {
  expect(replicasOf(answer([-1, [1]], [2, [2]], [7, [3]]))).toEqual([[], [], [2]]);
});

test('a partition is in the racks of its replicas, in each once', () => {
  expect(racksOf([[1, 2], [4, 1], [3]], 3, NODES)).toEqual([['a', 'b'], ['a'], []]);
});

test('nodes that nobody knows and partitions without replicas are nowhere', () => {
  expect(racksOf([[9, 2]], 2, NODES)).toEqual([['b'], []]);
});

test('racks are not known where no broker has one, or the cluster has not said anything', () => {
  expect(racksOf([[1]], 1, new Map([node(1, null)]))).toBeNull();
  expect(racksOf(undefined, 1, NODES)).toBeNull();
});
