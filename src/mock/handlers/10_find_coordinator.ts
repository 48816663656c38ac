// FindCoordinator v0-6. v1 key types (0 group, 1 transaction; 2, share groups, is not served), v4 several keys.
// @thread mock

import { E } from '../codes.ts';
import type { Context, Handler } from '../context.ts';
import { KEY_GROUP, KEY_TRANSACTION } from '../coordinator.ts';

function find(cx: Context, keyType: number, key: string) {
  const no = (errorCode: number) => ({ errorCode, errorMessage: null, nodeId: -1, host: '', port: -1 });
  if (cx.error !== E.NONE) return no(cx.error);
  if (keyType !== KEY_GROUP && keyType !== KEY_TRANSACTION) return no(E.INVALID_REQUEST);
  const broker = key === '' ? undefined : cx.cluster.coordinator(keyType, key);
  if (broker === undefined) return no(E.COORDINATOR_NOT_AVAILABLE);
  const { id: nodeId, advertisedHost: host, advertisedPort: port } = broker;
  return { errorCode: E.NONE, errorMessage: null, nodeId, host, port };
}

export const findCoordinator: Handler<'FindCoordinator'> = (cx, request, answer) => {
  if (cx.version < 4) return answer(find(cx, request.keyType, request.key));
  answer({ coordinators: request.coordinatorKeys.map((key) => ({ key, ...find(cx, request.keyType, key) })) });
};
