// The functions and values of the application that a conf carries; they stay in the app thread. @thread app
import type {
  BackgroundEventCb,
  ClosesocketCb,
  ConnectCb,
  ConsumeCb,
  DrCb,
  DrMsgCb,
  ErrorCb,
  LogCb,
  MsgOrderCmp,
  OauthbearerTokenRefreshCb,
  OffsetCommitCb,
  OpenCb,
  PartitionerCb,
  RebalanceCb,
  ResolveCb,
  SocketCb,
  SslCertVerifyCb,
  StatsCb,
  ThrottleCb,
} from '../defs/types.ts';
import type { Conf, TopicConf } from './conf.ts';

/** By property name. A word stands for the built-in function, null for none. */
export interface Callbacks {
  readonly opaque: any;
  readonly error_cb: ErrorCb | null;
  readonly throttle_cb: ThrottleCb | null;
  readonly stats_cb: StatsCb | null;
  readonly log_cb: LogCb | 'log_print' | null;
  readonly background_event_cb: BackgroundEventCb | null;
  readonly socket_cb: SocketCb | 'socket';
  readonly connect_cb: ConnectCb | null;
  readonly closesocket_cb: ClosesocketCb | null;
  readonly open_cb: OpenCb | 'open';
  readonly resolve_cb: ResolveCb | null;
  readonly 'ssl.certificate.verify_cb': SslCertVerifyCb | null;
  readonly oauthbearer_token_refresh_cb: OauthbearerTokenRefreshCb | null;
  readonly consume_cb: ConsumeCb | null;
  readonly rebalance_cb: RebalanceCb | null;
  readonly offset_commit_cb: OffsetCommitCb | null;
  readonly dr_cb: DrCb | null;
  readonly dr_msg_cb: DrMsgCb | null;
}

export interface TopicCallbacks {
  readonly opaque: any;
  readonly partitioner_cb: PartitionerCb | null;
  readonly msg_order_cmp: MsgOrderCmp | null;
}

const NAMES: Readonly<Record<keyof Callbacks, true>> = {
  opaque: true,
  error_cb: true,
  throttle_cb: true,
  stats_cb: true,
  log_cb: true,
  background_event_cb: true,
  socket_cb: true,
  connect_cb: true,
  closesocket_cb: true,
  open_cb: true,
  resolve_cb: true,
  'ssl.certificate.verify_cb': true,
  oauthbearer_token_refresh_cb: true,
  consume_cb: true,
  rebalance_cb: true,
  offset_commit_cb: true,
  dr_cb: true,
  dr_msg_cb: true,
};

export function callbacksOf(conf: Conf): Callbacks {
  return Object.freeze(
    Object.fromEntries(Object.keys(NAMES).map((name) => [name, conf.pointer(name)])),
  ) as unknown as Callbacks;
}

export function topicCallbacksOf(topicConf: TopicConf): TopicCallbacks {
  return Object.freeze({
    opaque: topicConf.pointer('opaque'),
    partitioner_cb: topicConf.pointer('partitioner_cb'),
    msg_order_cmp: topicConf.pointer('msg_order_cmp'),
  });
}
