// The types of rdkafka.h under their C names: handles (branded: a conf is not a topic), structs (plain objects with C's
// fields) and the functions that applications pass in. @thread any
import type { rd_kafka_conf_res_t, rd_kafka_resp_err_t, rd_kafka_thread_type_t, rd_kafka_vtype_t } from './enums.ts';
import type { KafkaError } from './kafka_error.ts';
import type { Out } from './out.ts';

/** Bytes as callers give them: null and empty differ; a string means its UTF-8. A prefix is `buf.subarray(0, len)`. */
export type Bytes = Uint8Array | string | null;

/** An object that only functions of this library make and read. */
export interface Opaque<Name extends string> {
  readonly '~type': Name;
}
/** An opaque object with a `*_destroy`; `using` calls it, silently when it is destroyed or taken over already. */
export interface Owned<Name extends string> extends Opaque<Name>, Disposable {}

// Handles -------------------------------------------------------------------------------------------------------

/** A client. `using` destroys it, `await using` closes it gracefully first. */
export interface rd_kafka_t extends Owned<'rd_kafka_t'>, AsyncDisposable {}
export type rd_kafka_topic_t = Owned<'rd_kafka_topic_t'>;
export type rd_kafka_conf_t = Owned<'rd_kafka_conf_t'>;
export type rd_kafka_topic_conf_t = Owned<'rd_kafka_topic_conf_t'>;
export type rd_kafka_queue_t = Owned<'rd_kafka_queue_t'>;
export type rd_kafka_event_t = Owned<'rd_kafka_event_t'>;
export type rd_kafka_error_t = KafkaError;
export type rd_kafka_consumer_group_metadata_t = Owned<'rd_kafka_consumer_group_metadata_t'>;
export type rd_kafka_share_t = Owned<'rd_kafka_share_t'>;
export type rd_kafka_messages_t = Owned<'rd_kafka_messages_t'>;
export type rd_kafka_share_partition_offsets_t = Opaque<'rd_kafka_share_partition_offsets_t'>;
export type rd_kafka_share_partition_offsets_list_t = Owned<'rd_kafka_share_partition_offsets_list_t'>;
export type rd_kafka_topic_result_t = Opaque<'rd_kafka_topic_result_t'>;
export type rd_kafka_group_result_t = Opaque<'rd_kafka_group_result_t'>;
export type rd_kafka_acl_result_t = Opaque<'rd_kafka_acl_result_t'>;
export type rd_kafka_topic_partition_result_t = Opaque<'rd_kafka_topic_partition_result_t'>;
export type rd_kafka_Node_t = Opaque<'rd_kafka_Node_t'>;
export type rd_kafka_AdminOptions_t = Owned<'rd_kafka_AdminOptions_t'>;
export type rd_kafka_NewTopic_t = Owned<'rd_kafka_NewTopic_t'>;
export type rd_kafka_DeleteTopic_t = Owned<'rd_kafka_DeleteTopic_t'>;
export type rd_kafka_NewPartitions_t = Owned<'rd_kafka_NewPartitions_t'>;
export type rd_kafka_ConfigEntry_t = Opaque<'rd_kafka_ConfigEntry_t'>;
export type rd_kafka_ConfigResource_t = Owned<'rd_kafka_ConfigResource_t'>;
export type rd_kafka_DeleteRecords_t = Owned<'rd_kafka_DeleteRecords_t'>;
export type rd_kafka_TopicCollection_t = Owned<'rd_kafka_TopicCollection_t'>;
export type rd_kafka_TopicPartitionInfo_t = Opaque<'rd_kafka_TopicPartitionInfo_t'>;
export type rd_kafka_TopicDescription_t = Opaque<'rd_kafka_TopicDescription_t'>;
export type rd_kafka_ConsumerGroupListing_t = Opaque<'rd_kafka_ConsumerGroupListing_t'>;
export type rd_kafka_ListConsumerGroupsResult_t = Opaque<'rd_kafka_ListConsumerGroupsResult_t'>;
export type rd_kafka_ConsumerGroupDescription_t = Opaque<'rd_kafka_ConsumerGroupDescription_t'>;
export type rd_kafka_MemberDescription_t = Opaque<'rd_kafka_MemberDescription_t'>;
export type rd_kafka_MemberAssignment_t = Opaque<'rd_kafka_MemberAssignment_t'>;
export type rd_kafka_DeleteGroup_t = Owned<'rd_kafka_DeleteGroup_t'>;
export type rd_kafka_ListConsumerGroupOffsets_t = Owned<'rd_kafka_ListConsumerGroupOffsets_t'>;
export type rd_kafka_AlterConsumerGroupOffsets_t = Owned<'rd_kafka_AlterConsumerGroupOffsets_t'>;
export type rd_kafka_DeleteConsumerGroupOffsets_t = Owned<'rd_kafka_DeleteConsumerGroupOffsets_t'>;
export type rd_kafka_ListOffsetsResultInfo_t = Opaque<'rd_kafka_ListOffsetsResultInfo_t'>;
export type rd_kafka_ScramCredentialInfo_t = Opaque<'rd_kafka_ScramCredentialInfo_t'>;
export type rd_kafka_UserScramCredentialsDescription_t = Opaque<'rd_kafka_UserScramCredentialsDescription_t'>;
export type rd_kafka_UserScramCredentialAlteration_t = Owned<'rd_kafka_UserScramCredentialAlteration_t'>;
export type rd_kafka_AlterUserScramCredentials_result_response_t =
  Opaque<'rd_kafka_AlterUserScramCredentials_result_response_t'>;
export type rd_kafka_AclBinding_t = Owned<'rd_kafka_AclBinding_t'>;
export type rd_kafka_AclBindingFilter_t = rd_kafka_AclBinding_t;
export type rd_kafka_DeleteAcls_result_response_t = Opaque<'rd_kafka_DeleteAcls_result_response_t'>;
export type rd_kafka_ElectLeaders_t = Owned<'rd_kafka_ElectLeaders_t'>;

export type rd_kafka_CreateTopics_result_t = rd_kafka_event_t;
export type rd_kafka_DeleteTopics_result_t = rd_kafka_event_t;
export type rd_kafka_CreateAcls_result_t = rd_kafka_event_t;
export type rd_kafka_DescribeAcls_result_t = rd_kafka_event_t;
export type rd_kafka_DeleteAcls_result_t = rd_kafka_event_t;
export type rd_kafka_CreatePartitions_result_t = rd_kafka_event_t;
export type rd_kafka_AlterConfigs_result_t = rd_kafka_event_t;
export type rd_kafka_IncrementalAlterConfigs_result_t = rd_kafka_event_t;
export type rd_kafka_DescribeConfigs_result_t = rd_kafka_event_t;
export type rd_kafka_DeleteRecords_result_t = rd_kafka_event_t;
export type rd_kafka_ListConsumerGroups_result_t = rd_kafka_event_t;
export type rd_kafka_DescribeConsumerGroups_result_t = rd_kafka_event_t;
export type rd_kafka_DeleteGroups_result_t = rd_kafka_event_t;
export type rd_kafka_DeleteConsumerGroupOffsets_result_t = rd_kafka_event_t;
export type rd_kafka_AlterConsumerGroupOffsets_result_t = rd_kafka_event_t;
export type rd_kafka_ListConsumerGroupOffsets_result_t = rd_kafka_event_t;
export type rd_kafka_DescribeTopics_result_t = rd_kafka_event_t;
export type rd_kafka_DescribeCluster_result_t = rd_kafka_event_t;
export type rd_kafka_DescribeUserScramCredentials_result_t = rd_kafka_event_t;
export type rd_kafka_AlterUserScramCredentials_result_t = rd_kafka_event_t;
export type rd_kafka_ListOffsets_result_t = rd_kafka_event_t;
export type rd_kafka_ElectLeaders_result_t = rd_kafka_event_t;

/** Ordered headers of a message; duplicates are kept. A message takes them over only when its produce call succeeds. */
export type rd_kafka_headers_t = Owned<'rd_kafka_headers_t'>;
/** 128 bits, printed as 22 characters of base64url. */
export type rd_kafka_Uuid_t = Owned<'rd_kafka_Uuid_t'>;

// Structs -------------------------------------------------------------------------------------------------------

export interface rd_kafka_err_desc {
  readonly code: rd_kafka_resp_err_t;
  /** `_QUEUE_FULL` */
  readonly name: string;
  readonly desc: string;
}

/** One entry of a list; live: what is written here is what the next call reads. */
export interface rd_kafka_topic_partition_t extends Owned<'rd_kafka_topic_partition_t'> {
  topic: string;
  partition: number;
  /** Absolute, or one of RD_KAFKA_OFFSET_*. */
  offset: number;
  get metadata(): Buffer | null;
  set metadata(value: Bytes);
  /** Derived from metadata. */
  readonly metadata_size: number;
  opaque: any;
  err: rd_kafka_resp_err_t;
  _private: any;
}
export type rd_kafka_topic_partition_s = rd_kafka_topic_partition_t;

/** A list of topics and partitions; `elems` and iteration give its live entries. */
export interface rd_kafka_topic_partition_list_t extends Owned<'rd_kafka_topic_partition_list_t'> {
  /** Number of entries; may be set to a smaller number. */
  cnt: number;
  /** Capacity in C; here never less than cnt. */
  readonly size: number;
  readonly elems: rd_kafka_topic_partition_t[];
  [Symbol.iterator](): IterableIterator<rd_kafka_topic_partition_t>;
}
export type rd_kafka_topic_partition_list_s = rd_kafka_topic_partition_list_t;

/** What calls take in place of a list entry, and fill in where they fill in a list. */
export interface TopicPartition {
  topic: string;
  /** RD_KAFKA_PARTITION_UA when left out. */
  partition?: number;
  /** RD_KAFKA_OFFSET_INVALID when left out. */
  offset?: number;
  metadata?: Bytes;
  err?: rd_kafka_resp_err_t;
}
/** A list that a call only reads; a string is a topic. */
export type TopicPartitions = rd_kafka_topic_partition_list_t | readonly (string | TopicPartition)[];
/** A list that a call fills in. */
export type TopicPartitionsToFill = rd_kafka_topic_partition_list_t | readonly TopicPartition[];

/** What produce_batch takes; it writes `err` into each. */
export interface ProduceBatchMessage {
  payload?: Bytes;
  key?: Bytes;
  /** Used with RD_KAFKA_MSG_F_PARTITION only. */
  partition?: number;
  /** Comes back as `_private` of the report. */
  _private?: any;
  err?: rd_kafka_resp_err_t;
}

/** C's form of a `RD_KAFKA_V_*` tag: the member of `u` that belongs to vtype. */
export interface rd_kafka_vu_s {
  vtype: rd_kafka_vtype_t;
  u: {
    cstr?: string;
    rkt?: rd_kafka_topic_t;
    i?: number;
    i32?: number;
    i64?: number;
    mem?: { ptr: Bytes };
    header?: { name: string; val: Bytes };
    headers?: rd_kafka_headers_t;
    ptr?: any;
  };
}

/** A consumed message, the report of a produced one, or an error (`err` other than 0). */
export interface rd_kafka_message_t extends Owned<'rd_kafka_message_t'> {
  err: rd_kafka_resp_err_t;
  readonly rkt: rd_kafka_topic_t | null;
  partition: number;
  /** The value; of a consumer's error message, its text. A report copies it when first read, inside the callback only. */
  readonly payload: Buffer | null;
  readonly len: number;
  readonly key: Buffer | null;
  readonly key_len: number;
  offset: number;
  /** Of a report: the opaque given with the message. */
  _private: any;
  /** null for an error that belongs to no topic. */
  readonly topic: string | null;
  /** The same as payload. */
  readonly value: Buffer | null;
  /** Milliseconds since 1970, -1 when there is none. */
  readonly timestamp: number;
  readonly headers: readonly (readonly [string, Buffer | null])[];
  /** The last header of that name; undefined when there is none, null when its value is null. */
  header(name: string): Buffer | null | undefined;
}
export type rd_kafka_message_s = rd_kafka_message_t;

export interface rd_kafka_metadata_broker {
  readonly id: number;
  readonly host: string;
  readonly port: number;
}
export interface rd_kafka_metadata_partition {
  readonly id: number;
  readonly err: rd_kafka_resp_err_t;
  readonly leader: number;
  readonly replica_cnt: number;
  readonly replicas: readonly number[];
  readonly isr_cnt: number;
  readonly isrs: readonly number[];
}
export interface rd_kafka_metadata_topic {
  readonly topic: string;
  readonly partition_cnt: number;
  readonly partitions: readonly rd_kafka_metadata_partition[];
  readonly err: rd_kafka_resp_err_t;
}
export interface rd_kafka_metadata {
  readonly broker_cnt: number;
  readonly brokers: readonly rd_kafka_metadata_broker[];
  readonly topic_cnt: number;
  readonly topics: readonly rd_kafka_metadata_topic[];
  readonly orig_broker_id: number;
  readonly orig_broker_name: string;
}
export type rd_kafka_metadata_broker_t = rd_kafka_metadata_broker;
export type rd_kafka_metadata_partition_t = rd_kafka_metadata_partition;
export type rd_kafka_metadata_topic_t = rd_kafka_metadata_topic;
export type rd_kafka_metadata_t = rd_kafka_metadata;

export interface rd_kafka_group_member_info {
  readonly member_id: string;
  readonly client_id: string;
  readonly client_host: string;
  readonly member_metadata: Buffer | null;
  readonly member_metadata_size: number;
  readonly member_assignment: Buffer | null;
  readonly member_assignment_size: number;
}
export interface rd_kafka_group_info {
  readonly broker: rd_kafka_metadata_broker;
  readonly group: string;
  readonly err: rd_kafka_resp_err_t;
  readonly state: string;
  readonly protocol_type: string;
  readonly protocol: string;
  readonly members: readonly rd_kafka_group_member_info[];
  readonly member_cnt: number;
}
export interface rd_kafka_group_list {
  readonly groups: readonly rd_kafka_group_info[];
  readonly group_cnt: number;
}

// Functions that applications pass in ---------------------------------------------------------------------------

/** Result of a callback. Not plain `void`, which would let an async function in; the call that served it throws on one. */
// biome-ignore lint/suspicious/noConfusingVoidType: the union is the point, see above
export type Nothing = void | undefined;

export type BackgroundEventCb = (rk: rd_kafka_t, rkev: rd_kafka_event_t, opaque: any) => Nothing;
export type DrCb = (
  rk: rd_kafka_t,
  payload: Buffer | null,
  err: rd_kafka_resp_err_t,
  opaque: any,
  msg_opaque: any,
) => Nothing;
export type DrMsgCb = (rk: rd_kafka_t, rkmessage: rd_kafka_message_t, opaque: any) => Nothing;
export type ConsumeCb = (rkmessage: rd_kafka_message_t, opaque: any) => Nothing;
export type RebalanceCb = (
  rk: rd_kafka_t,
  err: rd_kafka_resp_err_t,
  partitions: rd_kafka_topic_partition_list_t,
  opaque: any,
) => Nothing;
export type OffsetCommitCb = (
  rk: rd_kafka_t,
  err: rd_kafka_resp_err_t,
  offsets: rd_kafka_topic_partition_list_t,
  opaque: any,
) => Nothing;
export type ErrorCb = (rk: rd_kafka_t, err: number, reason: string, opaque: any) => Nothing;
export type ThrottleCb = (
  rk: rd_kafka_t,
  broker_name: string,
  broker_id: number,
  throttle_time_ms: number,
  opaque: any,
) => Nothing;
export type LogCb = (rk: rd_kafka_t, level: number, fac: string, buf: string) => Nothing;
/** The result is C's (0, or 1 to keep the buffer) and changes nothing. */
export type StatsCb = (rk: rd_kafka_t, json: string, opaque: any) => number;
export type OauthbearerTokenRefreshCb = (rk: rd_kafka_t, oauthbearer_config: string | null, opaque: any) => Nothing;
export type SslCertVerifyCb = (
  rk: rd_kafka_t,
  broker_name: string,
  broker_id: number,
  x509_error: Out<number>,
  depth: number,
  buf: Buffer | null,
  errstr: Out<string>,
  opaque: any,
) => number;
export type PartitionerCb = (
  rkt: rd_kafka_topic_t,
  keydata: Buffer | null,
  partition_cnt: number,
  rkt_opaque: any,
  msg_opaque: any,
) => number;
export type MsgOrderCmp = (a: rd_kafka_message_t, b: rd_kafka_message_t) => number;
export type PartitionCmp = (a: rd_kafka_topic_partition_t, b: rd_kafka_topic_partition_t, cmp_opaque: any) => number;
export type QueueEventCb = (rk: rd_kafka_t, qev_opaque: any) => Nothing;
export type ShareAcknowledgementCommitCb = (
  rkshare: rd_kafka_share_t,
  partitions: rd_kafka_share_partition_offsets_list_t,
  err: rd_kafka_resp_err_t,
  opaque: any,
) => Nothing;

/** An address as the socket hooks see it. */
export interface SocketAddress {
  readonly family: 4 | 6;
  readonly address: string;
  readonly port: number;
}
export type SocketCb = (domain: number, type: number, protocol: number, opaque: any) => number;
export type ConnectCb = (sockfd: number, addr: SocketAddress, id: string, opaque: any) => number;
export type ClosesocketCb = (sockfd: number, opaque: any) => number;
export type OpenCb = (pathname: string, flags: number, mode: number, opaque: any) => number;
/** Fills `res` and returns 0, or a negative number; called again with four nulls when the result is let go. */
export type ResolveCb = (
  node: string | null,
  service: string | null,
  hints: { readonly family: 0 | 4 | 6 } | null,
  res: Out<readonly SocketAddress[]> | null,
  opaque: any,
) => number;

export type rd_kafka_plugin_f_conf_init_t = (
  conf: rd_kafka_conf_t,
  plug_opaquep: Out<any>,
  errstr: Out<string>,
) => rd_kafka_resp_err_t;
export type rd_kafka_interceptor_f_on_conf_set_t = (
  conf: rd_kafka_conf_t,
  name: string,
  val: string | null,
  errstr: Out<string>,
  ic_opaque: any,
) => rd_kafka_conf_res_t;
export type rd_kafka_interceptor_f_on_conf_dup_t = (
  new_conf: rd_kafka_conf_t,
  old_conf: rd_kafka_conf_t,
  filter: readonly string[],
  ic_opaque: any,
) => rd_kafka_resp_err_t;
export type rd_kafka_interceptor_f_on_conf_destroy_t = (ic_opaque: any) => rd_kafka_resp_err_t;
export type rd_kafka_interceptor_f_on_new_t = (
  rk: rd_kafka_t,
  conf: rd_kafka_conf_t,
  ic_opaque: any,
  errstr: Out<string>,
) => rd_kafka_resp_err_t;
export type rd_kafka_interceptor_f_on_destroy_t = (rk: rd_kafka_t, ic_opaque: any) => rd_kafka_resp_err_t;
export type rd_kafka_interceptor_f_on_send_t = (
  rk: rd_kafka_t,
  rkmessage: rd_kafka_message_t,
  ic_opaque: any,
) => rd_kafka_resp_err_t;
export type rd_kafka_interceptor_f_on_acknowledgement_t = rd_kafka_interceptor_f_on_send_t;
export type rd_kafka_interceptor_f_on_consume_t = rd_kafka_interceptor_f_on_send_t;
export type rd_kafka_interceptor_f_on_commit_t = (
  rk: rd_kafka_t,
  offsets: rd_kafka_topic_partition_list_t,
  err: rd_kafka_resp_err_t,
  ic_opaque: any,
) => rd_kafka_resp_err_t;
export type rd_kafka_interceptor_f_on_request_sent_t = (
  rk: rd_kafka_t,
  sockfd: number,
  brokername: string,
  brokerid: number,
  ApiKey: number,
  ApiVersion: number,
  CorrId: number,
  size: number,
  ic_opaque: any,
) => rd_kafka_resp_err_t;
export type rd_kafka_interceptor_f_on_response_received_t = (
  rk: rd_kafka_t,
  sockfd: number,
  brokername: string,
  brokerid: number,
  ApiKey: number,
  ApiVersion: number,
  CorrId: number,
  size: number,
  rtt: number,
  err: rd_kafka_resp_err_t,
  ic_opaque: any,
) => rd_kafka_resp_err_t;
export type rd_kafka_interceptor_f_on_thread_start_t = (
  rk: rd_kafka_t,
  thread_type: rd_kafka_thread_type_t,
  thread_name: string,
  ic_opaque: any,
) => rd_kafka_resp_err_t;
export type rd_kafka_interceptor_f_on_thread_exit_t = rd_kafka_interceptor_f_on_thread_start_t;
export type rd_kafka_interceptor_f_on_broker_state_change_t = (
  rk: rd_kafka_t,
  broker_id: number,
  secproto: string,
  name: string,
  port: number,
  state: string,
  ic_opaque: any,
) => rd_kafka_resp_err_t;
