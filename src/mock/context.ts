// What a request handler is given. @thread mock
import type { ApiName } from '../defs/api_name.ts';
import type { Body } from '../protocol/compile.ts';
import type { Messages } from '../protocol/messages.ts';
import type { Broker } from './broker.ts';
import type { MockCluster } from './cluster.ts';

export interface Context {
  readonly cluster: MockCluster;
  /** The broker that was asked. */
  readonly broker: Broker;
  readonly version: number;
  readonly clientId: string;
  readonly clientHost: string;
  /** Error pushed for this request, 0 for none. */
  readonly error: number;
  /** It is one that a test tied to what the request is about: answered also where librdkafka's mock overlooks errors. */
  readonly tied: boolean;
  /** Cuts the connection; no answer is sent. */
  close(reason: string): void;
  /** Called once if the client goes before the answer is given. */
  onAbandoned(fn: () => void): void;
}

/** To be called once, at once or later; null where the protocol has no answer. */
export type Answer<N extends ApiName> = (response: Body<Messages[N]['response']> | null) => void;

export type Handler<N extends ApiName> = (cx: Context, request: Messages[N]['request'], answer: Answer<N>) => void;
