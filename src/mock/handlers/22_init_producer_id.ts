// InitProducerId v0-5. v3 the client names the identity that it has, to have its epoch raised. Transactions themselves
// are left out. @thread mock
import { E } from '../codes.ts';
import type { Handler } from '../context.ts';
import { KEY_TRANSACTION } from '../coordinator.ts';

export const initProducerId: Handler<'InitProducerId'> = (cx, request, answer) => {
  const { cluster } = cx;
  const { transactionalId, producerId, producerEpoch } = request;
  const refuse = (errorCode: number): void => answer({ errorCode, producerId: -1, producerEpoch: -1 });
  if (cx.error !== E.NONE) return refuse(cx.error);
  if (transactionalId !== null && transactionalId !== '') {
    if (cluster.coordinator(KEY_TRANSACTION, transactionalId) !== cx.broker) return refuse(E.NOT_COORDINATOR);
  }
  answer(cluster.producerIds.init(transactionalId, producerId, producerEpoch));
};
